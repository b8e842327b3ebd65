// A conversation of the archive to try, instead of a pasted one.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Select } from "antd";
import { useState } from "react";
import { useDesk } from "../../api";
import { listConversations } from "../../api/conversations";
import { useI18n } from "../../i18n";

export function ArchivePicker() {
  const { t, format } = useI18n();
  const desk = useDesk();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const list = useInfiniteQuery({
    queryKey: ["conversations", desk, "closed"],
    queryFn: ({ pageParam, signal }) => listConversations(desk, "closed", pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: open,
  });
  const lines = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Select<string>
      className="lab-picker"
      placeholder={t("lab.pick")}
      aria-label={t("lab.pick")}
      value={null}
      open={open}
      onOpenChange={setOpen}
      loading={list.isFetching}
      popupMatchSelectWidth={420}
      notFoundContent={list.isFetching ? t("common.loading") : t("lab.pickNone")}
      onSelect={(id) => void navigate({ to: "/lab", search: (search) => ({ ...search, conversation: id }) })}
      onPopupScroll={({ currentTarget: box }) => {
        if (list.hasNextPage && !list.isFetchingNextPage && box.scrollHeight - box.scrollTop - box.clientHeight < box.clientHeight) void list.fetchNextPage();
      }}
      options={lines.map((line) => ({ value: line.id, label: `${format.date(line.lastAt)} · ${line.lastText ?? ""}`, title: line.lastText ?? "" }))}
      data-testid="lab-pick"
    />
  );
}
