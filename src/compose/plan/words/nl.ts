import type { MailWords } from "#compose/plan/words/words.ts";

/** Dutch. */
export const nl: MailWords = {
  greeting: (part, name) => `${{ morning: "Goedemorgen", day: "Goedemiddag", evening: "Goedenavond" }[part]}, ${name}.`,
  everything: "alles",
  unchanged: "onveranderd",
  points: (amount) => `${amount} pp`,
  versus: (what) => `t.o.v. ${what}`,
  up: (amount) => `${amount} hoger`,
  down: (amount) => `${amount} lager`,
  dataAsOf: "Stand van de gegevens",
  filters: "Getoond",
  attached: "Bijgevoegd",
  attachedFormats: (formats) => `${formats.map((format) => format.toUpperCase()).join(", ")} bijgevoegd`,
  openLive: "Dashboard openen",
  whyTitle: "Waarom u dit krijgt",
  why: (report, label) => `U staat op de lijst van “${report}”${label === "" ? "" : ` (${label})`}.`,
  contactTitle: "Vragen",
  contact: (address) => `Beantwoord deze e-mail of schrijf naar ${address}.`,
  stop: "Deze e-mail stoppen",
  trialTitle: "Proef",
  trial: (name) => `Dit rapport wordt uitgeprobeerd. Niemand anders heeft het ontvangen; het is gemaakt voor ${name}.`,
  lateData: (day) =>
    day === null
      ? "De gegevens van vandaag waren te laat: dit zijn de laatste cijfers die er waren."
      : `Dit zijn de cijfers van ${day}. De gegevens van vandaag waren te laat.`,
  lateNote: (day) =>
    `De cijfers voor ${day} waren niet op tijd klaar, daarom komt deze e-mail zonder cijfers. We zoeken het uit.`,
  emptyPart: (filters) => `Geen rijen voor ${filters}. Dat kan kloppen, bijvoorbeeld na een dag zonder handel.`,
  emptyAll: "Er zijn vandaag geen rijen in dit rapport. Dat kan kloppen, bijvoorbeeld na een dag zonder handel.",
  noRows: "geen rijen",
  quoted: (text) => `“${text}”`,
  brokenTiles: (names) =>
    `Niet alles kon vandaag worden getekend: ${names} ontbreekt of is onvolledig. De rest is zoals altijd.`,
  missingView: (title) => `“${title}” kon vandaag niet worden getekend en ontbreekt hier.`,
  leftOut: {
    pictures: "De afbeelding is weggelaten, anders was deze e-mail te groot geworden.",
    jpeg: "De afbeelding is van lagere kwaliteit, zodat deze e-mail klein blijft.",
    pdf: "De pdf is weggelaten, anders was deze e-mail te groot geworden.",
    xlsx: "Het Excel-bestand is weggelaten, anders was deze e-mail te groot geworden.",
    csv: "Het csv-bestand is weggelaten, anders was deze e-mail te groot geworden.",
  },
  pictureInPdf: "De afbeelding is weggelaten om deze e-mail klein te houden; u vindt haar in de bijgevoegde pdf.",
  andMore: (count) => `+${count} meer`,
  picture: "Afbeelding van het dashboard",
  summary: {
    title: "Samenvatting",
    oneWell: (finished) => `De ene e-mail was om ${finished} verstuurd.`,
    noneDue: "Er was geen e-mail te versturen.",
    allWell: (sent, finished) => `Alle ${sent} e-mails waren om ${finished} verstuurd.`,
    partly: (sent, wanted, finished) => `${sent} van de ${wanted} e-mails waren om ${finished} verstuurd.`,
    outcome: {
      sent: "verstuurd",
      quarantined: "tegengehouden",
      failed: "mislukt",
      uncertain: "onzeker",
      expired: "verlopen",
      skipped: "overgeslagen",
      waiting: "nog onderweg",
    },
    toDo: "Wat u kunt doen",
    nothingToDo: "Vandaag hoeft u niets te doen.",
    recipient: "Ontvanger",
    what: "Wat er gebeurde",
    next: "Wat te doen",
    late: (day) =>
      `De gegevens waren te laat${day === null ? "" : `: lezers is gezegd dat de cijfers van ${day} zijn`}.`,
    openLedger: "Lijst van bezorgingen openen",
    why: "U krijgt deze samenvatting omdat dit rapport van u is.",
  },
};
