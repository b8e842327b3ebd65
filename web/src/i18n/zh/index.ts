// 全部中文文字，每个功能一个文件。键与英文（../en）一一对应，缺少时无法通过编译。

import type { Translation } from "../types";
import { apidocs } from "./apidocs";
import { common } from "./common";
import { curation } from "./curation";
import { desk } from "./desk";
import { editing } from "./editing";
import { evaluations } from "./evaluations";
import { imports } from "./imports";
import { knowledge } from "./knowledge";
import { lab } from "./lab";
import { overview } from "./overview";
import { people } from "./people";
import { problem } from "./problem";
import { session } from "./session";
import { shell } from "./shell";
import { worklists } from "./worklists";

export const zh: Translation = { apidocs, common, curation, desk, editing, evaluations, imports, knowledge, lab, overview, people, problem, session, shell, worklists };
