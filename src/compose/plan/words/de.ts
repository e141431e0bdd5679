import type { MailWords } from "#compose/plan/words/words.ts";

/** German. */
export const de: MailWords = {
  greeting: (part, name) => `${{ morning: "Guten Morgen", day: "Guten Tag", evening: "Guten Abend" }[part]}, ${name}.`,
  everything: "alles",
  allValues: "Alle",
  unchanged: "unverändert",
  points: (amount) => `${amount} Pp.`,
  versus: (what) => `ggü. ${what}`,
  up: (amount) => `plus ${amount}`,
  down: (amount) => `minus ${amount}`,
  dataAsOf: "Datenstand",
  filters: "Gezeigt",
  attached: "Im Anhang",
  attachedFormats: (formats) => `${formats.map((format) => format.toUpperCase()).join(", ")} im Anhang`,
  openLive: "Dashboard öffnen",
  whyTitle: "Warum Sie das erhalten",
  why: (report, label) => `Sie stehen auf der Liste von „${report}“${label === "" ? "" : ` (${label})`}.`,
  contactTitle: "Fragen",
  contact: (address) => `Antworten Sie auf diese E-Mail oder schreiben Sie an ${address}.`,
  stop: "Diese E-Mail abbestellen",
  trialTitle: "Probe",
  trial: (name) => `Dieser Bericht wird erprobt. Niemand sonst hat ihn erhalten; er wurde für ${name} erstellt.`,
  correctionTitle: "Korrektur",
  correction: (reason) =>
    `Diese E-Mail ersetzt die vorige; bitte verwenden Sie deren Zahlen nicht mehr. Der Grund: ${reason}`,
  lateData: (day) =>
    day === null
      ? "Die heutigen Daten kamen verspätet: Das sind die letzten vorhandenen Zahlen."
      : `Das sind die Zahlen vom ${day}. Die heutigen Daten kamen verspätet.`,
  lateNote: (day) =>
    `Die Zahlen für ${day} waren nicht rechtzeitig da, deshalb kommt diese E-Mail ohne sie. Wir kümmern uns darum.`,
  emptyPart: (filters) => `Keine Zeilen für ${filters}. Das kann richtig sein, etwa nach einem Tag ohne Geschäft.`,
  emptyAll: "Der Bericht hat heute keine Zeilen. Das kann richtig sein, etwa nach einem Tag ohne Geschäft.",
  noRows: "keine Zeilen",
  quoted: (text) => `„${text}“`,
  brokenTiles: (names) =>
    `Heute konnte nicht alles gezeichnet werden: ${names} fehlt oder ist unvollständig. Der Rest ist wie gewohnt.`,
  missingView: (title) => `„${title}“ konnte heute nicht gezeichnet werden und fehlt hier.`,
  leftOut: {
    pictures: "Das Bild wurde weggelassen, sonst wäre diese E-Mail zu groß geworden.",
    jpeg: "Das Bild ist in geringerer Qualität, damit diese E-Mail klein bleibt.",
    pdf: "Das PDF wurde weggelassen, sonst wäre diese E-Mail zu groß geworden.",
    xlsx: "Die Excel-Datei wurde weggelassen, sonst wäre diese E-Mail zu groß geworden.",
    csv: "Die CSV-Datei wurde weggelassen, sonst wäre diese E-Mail zu groß geworden.",
  },
  pictureInPdf: "Das Bild wurde weggelassen, damit diese E-Mail klein bleibt; es steht im angehängten PDF.",
  andMore: (count) => `+${count} weitere`,
  picture: "Bild des Dashboards",
  summary: {
    title: "Zusammenfassung",
    oneWell: (finished) => `Die eine E-Mail war um ${finished} verschickt.`,
    noneDue: "Es war keine E-Mail fällig.",
    allWell: (sent, finished) => `Alle ${sent} E-Mails waren um ${finished} verschickt.`,
    partly: (sent, wanted, finished) => `${sent} von ${wanted} E-Mails waren um ${finished} verschickt.`,
    outcome: {
      sent: "verschickt",
      quarantined: "zurückgehalten",
      failed: "gescheitert",
      uncertain: "ungewiss",
      expired: "abgelaufen",
      skipped: "ausgelassen",
      waiting: "noch unterwegs",
    },
    toDo: "Was Sie tun können",
    nothingToDo: "Heute ist nichts zu tun.",
    recipient: "Empfänger",
    what: "Was geschah",
    next: "Was zu tun ist",
    late: (day) =>
      `Die Daten kamen verspätet${day === null ? "" : `: Den Lesern wurde gesagt, dass die Zahlen vom ${day} sind`}.`,
    openLedger: "Liste der Zustellungen öffnen",
    why: "Sie erhalten diese Zusammenfassung, weil Ihnen der Bericht gehört.",
  },
};
