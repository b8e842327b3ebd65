export { api, need, needWithEtag, CSRF, signedOut, type Schemas } from "./client";
export { ApiError, asApiError, problemOf, type ErrorCode, type FailureCode, type Problem } from "./problem";
export { desksQuery, meQuery, roleMay, useDesks, useMe, type Action, type Me, type Role } from "./session";
export { useEventStream, useServerEvents, type StreamState } from "./events";
export { useDesk, useDeskOrNull } from "./desk";
