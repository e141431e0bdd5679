/** Called once before the tests of the project `real`: will start the Postgres that they share. */
export const setup = async (): Promise<void> => {};

/** Called once after them. */
export const teardown = async (): Promise<void> => {};
