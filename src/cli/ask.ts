import { autocomplete, confirm, isCancel, multiselect, password, select, text } from "@clack/prompts";
import { Fault } from "#model/fault.ts";

/** One thing to choose. */
export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

/** A question with what is wrong with an answer, in words, or `undefined`. */
export interface TextQuestion {
  readonly message: string;
  readonly placeholder?: string;
  readonly initial?: string;
  readonly mistake?: (answer: string) => string | undefined;
}

/** Asks a person at the terminal. Each answer may be refused with Ctrl-C, which throws `run.aborted`. */
export interface Asker {
  text(question: TextQuestion): Promise<string>;
  secret(message: string): Promise<string>;
  one(message: string, choices: readonly Choice[]): Promise<string>;
  several(message: string, choices: readonly Choice[]): Promise<readonly string[]>;
  yes(message: string, initial: boolean): Promise<boolean>;
}

/** More choices than this are searched by typing. */
const MANY = 12;

const answered = <T>(answer: T): Exclude<T, symbol> => {
  if (isCancel(answer)) {
    throw new Fault("run.aborted", "Stopped; nothing more was done.", {
      hint: "start the command again when you like",
    });
  }
  return answer as Exclude<T, symbol>;
};

const optionsOf = (choices: readonly Choice[]): { value: string; label: string; hint?: string }[] =>
  choices.map(({ value, label, hint }) => ({ value, label, ...(hint !== undefined && { hint }) }));

/** The questions on the real terminal. */
export const openAsker = (): Asker => ({
  text: async ({ message, placeholder, initial, mistake }) =>
    answered(
      await text({
        message,
        ...(placeholder !== undefined && { placeholder }),
        ...(initial !== undefined && { initialValue: initial }),
        validate: (answer) => mistake?.(answer ?? ""),
      }),
    ),
  secret: async (message) => answered(await password({ message })),
  one: async (message, choices) => {
    const options = optionsOf(choices);
    return answered(
      await (choices.length > MANY ? autocomplete<string>({ message, options }) : select<string>({ message, options })),
    );
  },
  several: async (message, choices) =>
    answered(await multiselect<string>({ message, options: optionsOf(choices), required: false })),
  yes: async (message, initial) => answered(await confirm({ message, initialValue: initial })),
});
