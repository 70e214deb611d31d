/** `bcat import-tar` at the command line: where the archive comes from, and what it is called. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { Desk, DeskWithSnapshot, noMessage, program } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { tarOf } from "./kit/tar.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

const archive = tarOf([
  { name: "folder/", type: "5" },
  { name: "folder/a.txt", content: "alpha\n" },
]);

async function deskWithArchive(): Promise<Desk> {
  const desk = await models.open();
  fs.writeFileSync(desk.path("photos.tar"), archive);
  fs.writeFileSync(desk.path("photos.tar.gz"), gzipSync(archive));
  return desk;
}

const names = async (desk: Desk) => (await desk.good(["ls", "latest"])).split("\n").slice(0, -1);

describe.concurrent("bcat import-tar", () => {
  test.each([
    [["photos.tar"], "/photos"],
    [["photos.tar.gz"], "/photos"],
    [["photos.tar", "--as", "/other/place"], "/other/place"],
  ])("%j is %s in the snapshot", async (words, root) => {
    using desk = await deskWithArchive();
    await desk.good(["import-tar", ...words]);
    expect(await names(desk)).toEqual([root, `${root}/folder`, `${root}/folder/a.txt`]);
    expect(await desk.good(["dump", "latest", `${root}/folder/a.txt`])).toBe("alpha\n");
    expect((await desk.bcat(["check", "--read-data"])).code).toBe(0);
  });

  test("reads stdin, packed or not, without a file", async () => {
    using desk = await deskWithArchive();
    for (const file of ["photos.tar", "photos.tar.gz"]) {
      const { code, stderr } = await desk.run(["sh", "-c", `"${program}" import-tar - -q <${file}`]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: noMessage });
      expect((await names(desk))[0]).toBe("/stdin");
    }
  });

  test("records host, tags and time", async () => {
    using desk = await deskWithArchive();
    const words = ["--host", "server", "--tag", "old,full", "--time", "2019-05-01 03:00:00"];
    expect(await desk.json(["import-tar", "photos.tar", "--quiet", ...words])).toMatchObject({
      message_type: "summary",
      snapshot_number: 2,
      files_new: 1,
      dirs_new: 2,
      error_count: 0,
    });
    const snapshots = (await desk.json(["snapshots"])) as { hostname: string; tags: string[]; time: string }[];
    expect(snapshots.at(-1)).toMatchObject({ hostname: "server", tags: ["old", "full"] });
    expect(snapshots.at(-1)!.time).toMatch(/^2019-0[45]-/);
  });

  test("ends with code 3 when an entry is left out", async () => {
    using desk = await models.open();
    fs.writeFileSync(desk.path("bad.tar"), tarOf([{ name: "../x", content: "x" }]));
    const { code, stderr } = await desk.bcat(["import-tar", "bad.tar"]);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(/cannot import ".*x": its path has/) });
  });

  test("leaves no folder open that it was given for an archive", async () => {
    using desk = new Desk();
    desk.write({ "folder/x": "" });
    // What is collected and was not closed is told, in the next turn.
    const collect = 'data:text/javascript,process.once("beforeExit", () => (gc(), setImmediate(() => {})));';
    const words = ["--expose-gc", "--import", collect, program, "import-tar", "folder"];
    expectRefusal(await desk.run([process.execPath, ...words]), { code: 1, says: /it is a folder/ });
  });

  test("makes no snapshot of what is no archive, or not all of one", async () => {
    using desk = await deskWithArchive();
    desk.write({ empty: "", text: "no archive ".repeat(100), "folder/x": "" });
    fs.writeFileSync(desk.path("cut.tar"), archive.subarray(0, 1_536));
    fs.writeFileSync(desk.path("cut.tar.gz"), gzipSync(archive).subarray(0, 60));
    fs.writeFileSync(desk.path("a.xz"), Buffer.from("fd377a585a00", "hex"));
    const refuse = async (words: string[], code: number, says: RegExp) =>
      expectRefusal(await desk.bcat(["import-tar", ...words]), { code, says });
    await refuse(["empty"], 1, /it lacks the block that ends a tar archive/);
    await refuse(["text"], 1, /wrong sum, in the entry at byte 0/);
    await refuse(["cut.tar"], 1, /cut off/);
    await refuse(["cut.tar.gz"], 1, /damaged or cut off \(Z_BUF_ERROR\)/);
    await refuse(["a.xz"], 2, /packed by xz .* xz -dc FILE/);
    await refuse(["folder"], 1, /cannot read "folder": it is a folder/);
    await refuse(["missing"], 1, /cannot read "missing": no such file/);
    await refuse(["photos.tar", "--as", "photos"], 2, /absolute path/);
    await refuse(["photos.tar", "--tag", "a,undo"], 2, /the tag "undo": bcat undo goes by it/);
    await refuse(["photos.tar", "--time", "yesterday"], 2, /--time/);
    expect(desk.committed().length).toBe(1);
  });

  test("is heard of a signal while nothing comes", async () => {
    using desk = await models.open();
    const line = `mkfifo pipe; exec 3<>pipe; "${program}" import-tar <pipe & until [ -e "$1/sessions/0000000002" ]; do :; done; kill $!; wait $!; echo $?`;
    const { stdout, stderr } = await desk.run(["timeout", "60", "sh", "-c", line, "sh", desk.repository]);
    expect(stdout).toBe("143\n");
    expect(stderr).toMatch(/interrupted; nothing was committed/);
  });
});

test("bcat import-tar reads no archive from a terminal", async () => {
  using desk = await models.open();
  let text = "";
  try {
    text = execFileSync("script", ["-qec", `"${program}" import-tar`, "/dev/null"], {
      env: { ...process.env, ...desk.environment } as NodeJS.ProcessEnv,
    }).toString();
  } catch (error) {
    text = String((error as { stdout?: Buffer }).stdout);
  }
  expect(text).toMatch(/cannot read an archive from a terminal/);
});
