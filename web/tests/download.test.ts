import { expect, test } from "vitest";
import { csv } from "../src/components/download";

test("a CSV file quotes what must be, and smuggles no formula", () => {
  expect(csv([["a", 'say "hi"', "x,y"], ["=1+1", -3, null], ["两行\n字", "@x", "ok"]])).toBe('\uFEFFa,"say ""hi""","x,y"\r\n\'=1+1,-3,\r\n"两行\n字",\'@x,ok\r\n');
});
