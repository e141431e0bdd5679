/** How grave a finding is: a fault stops the report, a warning needs a person, a note is only told. */
export type Grade = "fault" | "warning" | "note";

/** One thing that a look at the configuration or the machine found. */
export interface Finding {
  readonly grade: Grade;
  /** What it is about: a report's or server's name. */
  readonly about: string;
  readonly what: string;
  /** What to do about it; `null` where nothing need be done. */
  readonly mend: string | null;
}

/** A finding that stops something. */
export const faulty = (about: string, what: string, mend: string): Finding => ({ grade: "fault", about, what, mend });

/** A finding that needs a person. */
export const warning = (about: string, what: string, mend: string): Finding => ({
  grade: "warning",
  about,
  what,
  mend,
});

/** A finding that is only told. */
export const noted = (about: string, what: string): Finding => ({ grade: "note", about, what, mend: null });
