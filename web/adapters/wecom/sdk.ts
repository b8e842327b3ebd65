// The part of WeCom's JS-SDK (2.x) that is used, and what the customer's server must answer for it.

import { isRecord } from "../../widget/model";
import { Failure } from "../../widget/service";

export interface Signature {
  timestamp: number;
  nonceStr: string;
  signature: string;
}

export interface Wecom {
  register(options: {
    corpId: string;
    agentId: string | number;
    jsApiList: string[];
    getConfigSignature: (url: string) => Promise<Signature>;
    getAgentConfigSignature: (url: string) => Promise<Signature>;
  }): void;
  getContext(): Promise<{ entry: string }>;
  getCurExternalContact(): Promise<{ userId: string }>;
  sendChatMessage(message: { msgtype: "text"; text: { content: string } }): Promise<unknown>;
}

export const CALLS = ["getContext", "getCurExternalContact", "sendChatMessage"];

/** Where a page stands beside a chat with a customer. */
export const BESIDE_A_CUSTOMER: readonly string[] = ["single_chat_tools", "single_kf_tools"];
/** Beside a chat with several: there is no single customer. */
export const BESIDE_A_GROUP = "group_chat_tools";

/** A signature in the server's answer. */
export function readSignature(answer: Record<string, unknown>, name: "config" | "agent_config"): Signature {
  const found = answer[name];
  if (isRecord(found)) {
    const { timestamp, nonce_str: nonceStr, signature } = found;
    if (typeof timestamp === "number" && typeof nonceStr === "string" && typeof signature === "string") return { timestamp, nonceStr, signature };
  }
  throw new Failure("host", { detail: `session: ${name}` });
}
