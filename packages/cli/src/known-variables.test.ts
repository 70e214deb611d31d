import { describe, expect, test } from "vitest";
import { commands } from "./commands.js";
import { checkVariables } from "./known-variables.js";

describe("checkVariables()", () => {
  test("takes those of flags of any command, and others that are known", () => {
    const variables = {
      BCAT_REPO: "/r",
      BCAT_TAG: "a",
      BCAT_EXCLUDE: "x",
      BCAT_PASSWORD: "p",
      BCAT_FROM_PASSWORD: "p",
      BCAT_PROGRESS_FPS: "1",
      BCAT_DEBUG: "1",
      BCAT_ACCELERATORS: "off",
      BCAT_TEST_ANYTHING: "1",
      BCAT_PEERS: "/opt/peers",
      BCATALOG: "x",
      HOME: "/h",
    };
    expect(() => checkVariables(variables, commands)).not.toThrow();
  });

  test.each([
    ["BCAT_REPOSTORY", "Unknown variable BCAT_REPOSTORY: did you mean BCAT_REPOSITORY?"],
    ["BCAT_PASWORD", "Unknown variable BCAT_PASWORD: did you mean BCAT_PASSWORD?"],
    ["BCAT_FROBNICATION", "Unknown variable BCAT_FROBNICATION: no flag is called so; unset it"],
    ["BCAT_PATH", "Cannot use BCAT_PATH: --path is only heeded where it is typed; unset the variable"],
    ["BCAT_DELETE", "Cannot use BCAT_DELETE: --delete is only heeded where it is typed; unset the variable"],
  ])("refuses %s", (name, message) => {
    expect(() => checkVariables({ [name]: "" }, commands)).toThrow(expect.objectContaining({ code: "usage", message }));
  });
});
