export { GitHubError, pullRequestOf, writeComment, writeSummary } from "./github";
export { asJson } from "./json";
export type { Review, Verdict } from "./judge";
export { marker } from "./markdown/head";
export { renderComment } from "./markdown/comment";
export { review, type ReviewOptions } from "./review";
export type { Live } from "./live";
export { BaseError } from "./stackFile";
