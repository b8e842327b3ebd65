import components from "antd/es/locale/en_US";
import { en } from "../en";

export { components };
export const words = en;
/** The service speaks English. */
export const faults = {};
