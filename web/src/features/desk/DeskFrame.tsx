// The desk's three columns: conversations, or the source that somebody looks at; the conversation; its suggestions.

import { PlayCircleOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { App, Button } from "antd";
import { useEffect, useState, type ReactNode } from "react";
import { asApiError, useDesk } from "../../api";
import { useI18n } from "../../i18n";
import { ConversationList } from "./ConversationList";
import "./desk.css";
import { listConversations, type ConversationLine } from "../../api/conversations";
import { startConversation } from "./live";
import { SourcePanel } from "./SourcePanel";

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

/** A conversation worth watching: in the page's language if there is one, and neither too short nor too long. */
export function choose(lines: ConversationLine[], chinese: boolean): ConversationLine | undefined {
  const inLanguage = lines.filter((line) => HAN.test(line.lastText ?? "") === chinese);
  const good = (line: ConversationLine) => line.messages >= GOOD_LENGTH.least && line.messages <= GOOD_LENGTH.most;
  return inLanguage.find(good) ?? lines.find(good) ?? lines[0];
}

/** Shows the product at work, with one click. */
export function DemoButton({ primary = false }: { primary?: boolean }) {
  const { t, language } = useI18n();
  const desk = useDesk();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const demo = useMutation({
    mutationFn: () => client.query({ queryKey: ["demo", desk], queryFn: ({ signal }) => listConversations(desk, "closed", null, signal), staleTime: 60_000 }),
    onSuccess: async ({ items }) => {
      const chosen = choose(items, language === "zh");
      if (chosen) await navigate({ to: "/desk/replay/$id", params: { id: chosen.id } });
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
