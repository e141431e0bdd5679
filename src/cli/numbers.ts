import { InvalidArgumentError } from "commander";

/** A count of at least one, from a command's words. */
export const wholeNumber = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return number;
};
