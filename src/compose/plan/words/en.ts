import type { MailWords } from "#compose/plan/words/words.ts";

/** English. */
export const en: MailWords = {
  greeting: (part, name) =>
    `${{ morning: "Good morning", day: "Good afternoon", evening: "Good evening" }[part]}, ${name}.`,
  everything: "everything",
  allValues: "All",
  unchanged: "unchanged",
  points: (amount) => `${amount} pts`,
  versus: (what) => `vs ${what}`,
  up: (amount) => `up ${amount}`,
  down: (amount) => `down ${amount}`,
  dataAsOf: "Data as of",
  filters: "Shown",
  attached: "Attached",
  attachedFormats: (formats) => `${formats.map((format) => format.toUpperCase()).join(", ")} attached`,
  openLive: "Open the live dashboard",
  whyTitle: "Why you get this",
  why: (report, label) => `You are on the list of “${report}”${label === "" ? "" : ` (${label})`}.`,
  contactTitle: "Questions",
  contact: (address) => `Reply to this email or write to ${address}.`,
  stop: "Stop this email",
  trialTitle: "Trial",
  trial: (name) => `This report is being tried out. Nobody outside has received it; it was made for ${name}.`,
  correctionTitle: "Correction",
  correction: (reason) =>
    `This replaces the email that you got before; please don't use its figures. The reason: ${reason}`,
  lateData: (day) =>
    day === null
      ? "Today's data was loaded late: these are the last figures there were."
      : `These are the figures of ${day}. Today's data was loaded late.`,
  lateNote: (day) =>
    `The figures for ${day} were not ready in time, so this email comes without them. We are looking into it.`,
  emptyPart: (filters) => `No rows for ${filters}. That may be right, for example after a day without business.`,
  emptyAll: "There are no rows in this report today. That may be right, for example after a day without business.",
  noRows: "no rows",
  quoted: (text) => `“${text}”`,
  brokenTiles: (names) =>
    `Not everything could be drawn today: ${names} is missing or incomplete. The rest is as usual.`,
  missingView: (title) => `“${title}” could not be drawn today and is missing here.`,
  leftOut: {
    pictures: "The picture was left out, since the email would have become too large.",
    jpeg: "The picture is shown at a lower quality to keep this email small.",
    pdf: "The PDF was left out, since the email would have become too large.",
    xlsx: "The Excel file was left out, since the email would have become too large.",
    csv: "The CSV file was left out, since the email would have become too large.",
  },
  pictureInPdf: "The picture was left out to keep this email small; you find it in the attached PDF.",
  andMore: (count) => `+${count} more`,
  picture: "Picture of the dashboard",
  summary: {
    title: "Summary",
    oneWell: (finished) => `The one email was sent by ${finished}.`,
    noneDue: "No email was due.",
    allWell: (sent, finished) => `All ${sent} emails were sent by ${finished}.`,
    partly: (sent, wanted, finished) => `${sent} of ${wanted} emails were sent by ${finished}.`,
    outcome: {
      sent: "sent",
      quarantined: "held back",
      failed: "failed",
      uncertain: "uncertain",
      expired: "expired",
      skipped: "skipped",
      waiting: "still going",
    },
    toDo: "What needs you",
    nothingToDo: "Nothing needs you today.",
    recipient: "Recipient",
    what: "What happened",
    next: "What to do",
    late: (day) => `The data was late${day === null ? "" : `: readers were told that the figures are of ${day}`}.`,
    openLedger: "Open the list of deliveries",
    why: "You get this summary because you own this report.",
  },
};
