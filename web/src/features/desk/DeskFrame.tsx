// The desk's three columns: conversations, or the source that somebody looks at; the conversation; its suggestions.

import { PlayCircleOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { App, Button } from "antd";
import { useEffect, useState, type ReactNode } from "react";
import { asApiError, useDesk, type Schemas } from "../../api";
import { useI18n } from "../../i18n";
import { ConversationList } from "./ConversationList";
import "./desk.css";
import { conversationQuery, listConversations, type ConversationLine } from "../../api/conversations";
import { startConversation } from "./live";
import { SourcePanel } from "./SourcePanel";
import { suggestTo } from "./useReplayTalk";

export interface Source {
  id: string;
  question: string;
}

interface Props {
  title: string;
  /** Whether a conversation is open: on a narrow window it takes the list's place. */
  open: boolean;
  children: (source: { open: (id: string, question: string) => void; close: () => boolean }) => ReactNode;
}

export function DeskFrame({ title, open, children }: Props) {
  const { t } = useI18n();
  const [source, setSource] = useState<Source | null>(null);
  const start = useStart();
  const product = t("shell.product");
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <div className="desk" data-open={open} data-source={source !== null} data-testid="desk">
      {source ? (
        <SourcePanel key={source.id} {...source} onClose={() => setSource(null)} />
      ) : (
        <ConversationList onStart={() => start.mutate()} starting={start.isPending} />
      )}
      {children({
        open: (id, question) => setSource({ id, question }),
        close: () => {
          setSource(null);
          return source !== null;
        },
      })}
    </div>
  );
}

/** Begins a conversation and goes to it. */
export function useStart() {
  const { t } = useI18n();
  const desk = useDesk();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  return useMutation({
    mutationFn: () => startConversation(desk),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ["conversations", desk] });
      await navigate({ to: "/desk/$id", params: { id } });
    },
    onError: (error) => {
      const { code } = asApiError(error);
      void message.error(`${t(`problem.${code}`)} ${t(`problem.${code}_way`)}`);
    },
  });
}

const HAN = /\p{Script=Han}/u;
/** Long enough to show something, short enough to be watched to its end. */
const GOOD_LENGTH = { least: 5, most: 16 };
/** Conversations looked into, so many at a time until one shows something; each is a request. */
const LOOKED_INTO = 32;
const AT_A_TIME = 8;
/** After so many what has been found is good enough. */
const ENOUGH = 16;
/** A first suggestion as probable as this shows what the product is for. */
const SHOWS_WELL = 0.65;

/** Conversations worth watching: in the page's language if there are any, and neither too short nor too long. */
export function worthWatching(lines: ConversationLine[], chinese: boolean): ConversationLine[] {
  const rank = (line: ConversationLine) => {
    const good = line.messages >= GOOD_LENGTH.least && line.messages <= GOOD_LENGTH.most;
    return (HAN.test(line.lastText ?? "") === chinese ? 2 : 0) + (good ? 1 : 0);
  };
  return lines.filter((line) => line.messages > 1).sort((a, b) => rank(b) - rank(a));
}

/** Whether a conversation comes to the point with its first words. */
export function beginsWithQuestion(messages: { role: Schemas["Role"]; text: string }[]): boolean {
  const first = messages[0];
  return first?.role === "customer" && (/[?？]/.test(first.text) || first.text.length >= (HAN.test(first.text) ? 10 : 30));
}

/** A conversation that shows something with its first words; failing that one that begins with a question. */
async function chooseDemo(client: QueryClient, desk: string, chinese: boolean): Promise<string | null> {
  const { items } = await client.query({ queryKey: ["demo", desk], queryFn: ({ signal }) => listConversations(desk, "closed", null, signal), staleTime: 60_000 });
  const lines = worthWatching(items, chinese).slice(0, LOOKED_INTO);
  let best: { id: string; score: number } | undefined;
  for (let from = 0; from < lines.length; from += AT_A_TIME) {
    if (from >= ENOUGH && best && best.score > 0) break;
    const some = lines.slice(from, from + AT_A_TIME);
    const conversations = await Promise.all(some.map((line) => client.query({ ...conversationQuery(desk, line.id), staleTime: 60_000 })));
    for (const { id, messages } of conversations.filter((conversation) => beginsWithQuestion(conversation.messages))) {
      const { suggestions } = await client.query({ queryKey: ["demo", desk, id], queryFn: ({ signal }) => suggestTo(desk, id, messages.slice(0, 1), signal), staleTime: 60_000 });
      const score = suggestions[0]?.score ?? 0;
      if (score >= SHOWS_WELL) return id;
      if (!best || score > best.score) best = { id, score };
    }
  }
  return best?.id ?? lines[0]?.id ?? null;
}

/** Shows the product at work, with one click. */
export function DemoButton({ primary = false }: { primary?: boolean }) {
  const { t, language } = useI18n();
  const desk = useDesk();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const demo = useMutation({
    mutationFn: () => chooseDemo(client, desk, language === "zh"),
    onSuccess: async (id) => {
      if (id !== null) await navigate({ to: "/desk/replay/$id", params: { id } });
      else void message.info(t("desk.nothingToReplay"));
    },
    onError: (error) => {
      const { code } = asApiError(error);
      void message.error(`${t(`problem.${code}`)} ${t(`problem.${code}_way`)}`);
    },
  });
  return (
    <Button type={primary ? "primary" : "default"} icon={<PlayCircleOutlined />} loading={demo.isPending} onClick={() => demo.mutate()} data-testid="demo">
      {t("desk.demo")}
    </Button>
  );
}
