// 全部中文文字，每个功能一个文件。键与英文（../en）一一对应，缺少时无法通过编译。

import type { Translation } from "../types";
import { common } from "./common";
import { desk } from "./desk";
import { lab } from "./lab";
import { people } from "./people";
import { problem } from "./problem";
import { session } from "./session";
import { shell } from "./shell";

export const zh: Translation = { common, desk, lab, people, problem, session, shell };
