// Every English text, a file per feature. Chinese has the same files (../zh); a key that one of them lacks does not compile.

import { common } from "./common";
import { desk } from "./desk";
import { lab } from "./lab";
import { people } from "./people";
import { problem } from "./problem";
import { session } from "./session";
import { shell } from "./shell";

export const en = { common, desk, lab, people, problem, session, shell };
