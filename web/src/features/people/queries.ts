// Accounts, keys, desk settings, controls.

import { queryOptions } from "@tanstack/react-query";
import { api, need, type Schemas } from "../../api";

export type Account = Schemas["Account"];
export type ApiKey = Schemas["ApiKey"];
export type Control = Schemas["Control"];
export type Retired = Schemas["RetiredAnswer"];
export type Role = Schemas["AccessRole"];

export const ROLES: Role[] = ["agent", "supervisor", "kb_editor", "auditor", "admin"];

export const deskQuery = (desk: string) =>
  queryOptions({ queryKey: ["desks", "one", desk], queryFn: ({ signal }) => need(api.GET("/v1/desks/{desk}", { params: { path: { desk } }, signal })) });

export const adapterQuery = (desk: string) =>
  queryOptions({ queryKey: ["desks", "adapter", desk], queryFn: ({ signal }) => need(api.GET("/v1/desks/{desk}/adapter", { params: { path: { desk } }, signal })) });
