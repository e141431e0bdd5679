/** Who may sign in to the report server that is measured on. */
export const account = { user: "bench", password: "bench-password" } as const;
