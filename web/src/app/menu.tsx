// The side menu: one line a page. A feature adds its line here and its routes in router.ts.

import { ExperimentOutlined, IdcardOutlined, MessageOutlined } from "@ant-design/icons";
import type { LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Action, Schemas } from "../api";
import type { Key } from "../i18n";

/** In the order of the menu. */
export const SECTIONS = ["desk", "curation", "knowledge", "worklists", "imports", "overview", "lab", "people", "api"] as const;
export type Section = (typeof SECTIONS)[number];

export interface MenuLine {
  section: Section;
  to: NonNullable<LinkProps["to"]>;
  label: Key;
  icon: ReactNode;
  /** Who may not do this does not see the line. */
  may?: Action;
  /** The list whose length stands beside the line. */
  count?: keyof Schemas["WorklistCounts"];
}

export const MENU: MenuLine[] = [
  { section: "desk", to: "/desk", label: "desk.title", icon: <MessageOutlined />, may: "Suggest" },
  { section: "lab", to: "/lab", label: "lab.title", icon: <ExperimentOutlined />, may: "WriteEntries" },
  { section: "people", to: "/profile", label: "shell.people_profile", icon: <IdcardOutlined /> },
];
