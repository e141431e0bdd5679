/** MJML ships no types; this is the part of it that is used. */
declare module "mjml" {
  interface MjmlOptions {
    readonly validationLevel?: "strict" | "soft" | "skip";
    readonly ignoreIncludes?: boolean;
    readonly keepComments?: boolean;
  }
  interface MjmlAnswer {
    readonly html: string;
    readonly errors: readonly { readonly formattedMessage: string }[];
  }
  const mjml: (source: string, options?: MjmlOptions) => Promise<MjmlAnswer>;
  export default mjml;
}
