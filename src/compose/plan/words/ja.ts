import type { MailWords } from "#compose/plan/words/words.ts";

/** Japanese. */
export const ja: MailWords = {
  greeting: (part, name) =>
    `${name} 様、${{ morning: "おはようございます", day: "こんにちは", evening: "こんばんは" }[part]}。`,
  everything: "すべて",
  unchanged: "変化なし",
  points: (amount) => `${amount} pt`,
  versus: (what) => `${what}比`,
  up: (amount) => `${amount}増`,
  down: (amount) => `${amount}減`,
  dataAsOf: "データ基準日",
  filters: "表示範囲",
  attached: "添付ファイル",
  attachedFormats: (formats) => `${formats.map((format) => format.toUpperCase()).join("・")}を添付`,
  openLive: "ダッシュボードを開く",
  whyTitle: "配信の理由",
  why: (report, label) => `「${report}」${label === "" ? "" : `（${label}）`}の配信リストに登録されています。`,
  contactTitle: "お問い合わせ",
  contact: (address) => `このメールに返信するか、${address} までご連絡ください。`,
  stop: "このメールの配信を停止する",
  trialTitle: "試験配信",
  trial: (name) => `このレポートは試験中で、ほかの方には届いていません。${name} 様向けに作成されたものです。`,
  lateData: (day) =>
    day === null
      ? "本日のデータの取り込みが遅れたため、直近の数値をお送りします。"
      : `本日のデータの取り込みが遅れたため、${day}の数値をお送りします。`,
  lateNote: (day) => `${day}の数値は時間までに揃わなかったため、今回は数値なしでお送りします。現在確認しています。`,
  emptyPart: (filters) => `${filters} に該当するデータはありません。取引のない日の翌日などは、正常な場合もあります。`,
  emptyAll: "本日このレポートに該当するデータはありません。取引のない日の翌日などは、正常な場合もあります。",
  noRows: "データなし",
  quoted: (text) => `「${text}」`,
  brokenTiles: (names) =>
    `本日は一部を表示できませんでした。${names}が欠けているか、不完全です。その他は通常どおりです。`,
  missingView: (title) => `「${title}」は本日表示できなかったため、含まれていません。`,
  leftOut: {
    pictures: "メールが大きくなりすぎるため、画像を省きました。",
    jpeg: "メールを小さくするため、画質を下げています。",
    pdf: "メールが大きくなりすぎるため、PDF を省きました。",
    xlsx: "メールが大きくなりすぎるため、Excel ファイルを省きました。",
    csv: "メールが大きくなりすぎるため、CSV ファイルを省きました。",
  },
  pictureInPdf: "メールを小さくするため画像を省きました。添付の PDF でご覧いただけます。",
  andMore: (count) => `ほか${count}件`,
  picture: "ダッシュボードの画像",
  summary: {
    title: "配信のまとめ",
    oneWell: (finished) => `${finished} までに 1 通を送信しました。`,
    noneDue: "送信対象はありませんでした。",
    allWell: (sent, finished) => `${finished} までに全 ${sent} 通を送信しました。`,
    partly: (sent, wanted, finished) => `${finished} までに ${wanted} 通中 ${sent} 通を送信しました。`,
    outcome: {
      sent: "送信済み",
      quarantined: "保留",
      failed: "失敗",
      uncertain: "不明",
      expired: "期限切れ",
      skipped: "対象外",
      waiting: "処理中",
    },
    toDo: "対応が必要なもの",
    nothingToDo: "本日、対応が必要なものはありません。",
    recipient: "受信者",
    what: "状況",
    next: "対応",
    late: (day) =>
      `データの取り込みが遅れました${day === null ? "。" : `。受信者には${day}の数値であると知らせています。`}`,
    openLedger: "配信一覧を開く",
    why: "このレポートの責任者のため、お送りしています。",
  },
};
