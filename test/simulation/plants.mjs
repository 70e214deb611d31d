/**
 * Bugs to plant, one at a time, into what is built: rules of the protocol switched off, and weakened designs. Each patch
 * replaces a text that stands once in a module. `world` is the kind of place that shows it, if only one does.
 */
const REPOSITORY = "repository/dist/";

export const PLANTS = [
  {
    name: "outcomes-before-log",
    what: "outcomes are read before the log (architecture, invariant 3)",
    patches: [
      {
        module: `${REPOSITORY}history.js`,
        from: "        await this.readLog(registers, strict);\n        let head = (ownSession ?? 1) - 1;",
        to: "        let head = (ownSession ?? 1) - 1;",
      },
      {
        module: `${REPOSITORY}history.js`,
        from: "            findings.open.add(ownSession);\n",
        to: "            findings.open.add(ownSession);\n        await this.readLog(registers, strict);\n",
      },
    ],
  },
  {
    name: "log-before-session",
    what: "the log is read before the session exists",
    patches: [
      {
        module: `${REPOSITORY}session.js`,
        from: "                const reserved = options.dryRun",
        to: "                await parts.history.refresh(parts.storage, { strict: true });\n                await updateIndex(parts, { strict: true });\n                const reserved = options.dryRun",
      },
      {
        module: `${REPOSITORY}session.js`,
        from: "                await parts.history.refresh(parts.storage, { strict: true, toleratesSegments, ...own });\n                await updateIndex(parts, { strict: !toleratesSegments });\n",
        to: "",
      },
    ],
  },
  {
    name: "condemned-location",
    what: "condemned packs count as locations",
    patches: [{ module: `${REPOSITORY}local-index.js`, from: "this.chunks.condemnAll(packs);", to: ";" }],
  },
  {
    name: "condemned-parent",
    what: "references of a parent are taken over unchecked (the reference rule)",
    patches: [
      {
        module: `${REPOSITORY}history.js`,
        from: "return this.log.referencesBehind(head).next().done !== true;",
        to: "return false;",
      },
    ],
  },
  {
    name: "2-head",
    what: "field 32 is the head of the log at the commit (rule 2)",
    patches: [
      {
        module: `${REPOSITORY}write-session.js`,
        from: "const logHead = Math.min(session.logHead, snapshot.logHead ?? session.logHead);",
        to: "const { logHead } = session.repository.history;",
      },
      {
        module: `${REPOSITORY}write-session.js`,
        from: "await this.chunks.settle();\n        await this.session.decide({",
        to: "await this.chunks.settle();\n        await this.session.repository.refresh();\n        await this.session.decide({",
      },
    ],
  },
  {
    name: "2-lowest",
    what: "field 32 is the head of the log when the session began, whatever that of its parents was (rule 2)",
    patches: [
      {
        module: `${REPOSITORY}write-session.js`,
        from: "const logHead = Math.min(session.logHead, snapshot.logHead ?? session.logHead);",
        to: "const { logHead } = session;",
      },
    ],
  },
  {
    name: "2-parents",
    what: "all roots are judged by the newest snapshot (rule 2)",
    patches: [
      {
        module: "snapshot/dist/backup/parent-roots.js",
        from: "repository.history.condemnedSince(logHead)",
        to: "repository.history.condemnedSince(Math.max(logHead, [...repository.history.summaries.values()].at(-1).logHead))",
      },
    ],
  },
  {
    name: "412-is-success",
    what: "a register that has a value counts as decided by oneself, whatever the value is",
    patches: [
      {
        module: `${REPOSITORY}registers.js`,
        from: "return Buffer.compare(value, bytes) === 0;\n    }\n}",
        to: "return true;\n    }\n}",
      },
      {
        module: `${REPOSITORY}registers.js`,
        from: "    return Buffer.compare(value, bytes) === 0;\n}\nfunction",
        to: "    return true;\n}\nfunction",
      },
    ],
  },
  {
    name: "412-is-failure",
    what: "a value that is there after a lost answer is taken for somebody else's: numbers are taken twice",
    patches: [
      {
        module: `${REPOSITORY}registers.js`,
        from: "return Buffer.compare(value, bytes) === 0;\n    }\n}",
        to: "return false;\n    }\n}",
      },
      {
        module: "storage/dist/retrying.js",
        from: "if (value === undefined || !equalBytes(value, bytes))",
        to: "if (value !== undefined)",
      },
    ],
  },
  {
    name: "not-ours-is-committed",
    what: "a backup whose number somebody else has decided says that it has a snapshot",
    patches: [{ module: `${REPOSITORY}session.js`, from: "if (!isOurs)", to: "if (false)" }],
  },
  {
    name: "pack-not-awaited",
    what: "a segment may go before the packs it names",
    patches: [
      {
        module: `${REPOSITORY}chunk-store.js`,
        from: "await this.#parts.storage.put(pack.name, pack.bytes,",
        to: "void this.#parts.storage.put(pack.name, pack.bytes.slice(),",
      },
    ],
  },
  {
    name: "segment-not-awaited",
    what: "an outcome may go before the segments it names",
    patches: [
      {
        module: `${REPOSITORY}chunk-store.js`,
        from: "            await storage.put(name, bytes);",
        to: "            void storage.put(name, bytes).catch(() => {});",
      },
    ],
  },
  {
    name: "upload-failure-ignored",
    what: "a backup goes on when a pack could not be stored",
    patches: [
      {
        module: `${REPOSITORY}uploads.js`,
        from: "if (this.#failure !== undefined)\n            throw this.#failure.error;",
        to: "",
      },
    ],
  },
  {
    name: "packs-without-segment",
    what: "a segment that could not be written is not written again, and the backup commits without",
    patches: [
      {
        module: `${REPOSITORY}chunk-store.js`,
        from: "            lane.stored.unshift(...packs);\n            throw error;",
        to: "            return;",
      },
    ],
  },
  {
    name: "error-is-success",
    what: "an object whose put got no answer counts as stored",
    patches: [
      {
        module: "storage/dist/retrying.js",
        from: "put: (name, bytes, putOptions) => retries.run(putOptions?.signal ?? signal, () => inner.put(name, bytes, putOptions)),",
        to: "put: (name, bytes, putOptions) => inner.put(name, bytes, putOptions).catch(() => {}),",
      },
    ],
  },
  {
    name: "open-sessions-forgotten",
    what: "the outcome of a session that was open when last looked at is never looked at again",
    patches: [
      {
        module: `${REPOSITORY}history.js`,
        from: "const numbers = [...this.openSessions];",
        to: "const numbers = [];",
      },
    ],
  },
  {
    name: "abandoned-is-stored",
    what: "what a session has stored counts for later ones of the same process, though it was not committed",
    patches: [
      {
        module: `${REPOSITORY}session.js`,
        from: "        this.journal?.release();\n        this.#end();",
        to: "        this.journal?.release();\n        this.#parts.index.adopt(this.own);\n        this.#end();",
      },
    ],
  },
  {
    name: "cache-forgets-condemned",
    what: "the cache does not bring back which packs are condemned",
    patches: [
      {
        module: `${REPOSITORY}history.js`,
        from: "            this.log.apply(body);",
        to: "            this.log.bodies.push(body);",
      },
    ],
  },
  {
    name: "number-too-high",
    what: "a number is left out now and then",
    patches: [
      {
        module: `${REPOSITORY}session.js`,
        from: "number = attempt === 0 ? number + 1",
        to: "number = attempt === 0 ? number + 1 + (environment.now() % 16 === 0 ? 1 : 0)",
      },
    ],
  },
  {
    name: "14-objects",
    what: "salts of objects are of randomness alone: a machine resumed twice seals two messages with one key (rule 14)",
    patches: [
      {
        module: "crypto/dist/random.js",
        from: "blake3.hash(random(SEED_LENGTH), content)",
        to: "blake3.hash(random(SEED_LENGTH))",
      },
    ],
  },
  {
    name: "14-frames",
    what: "salts of frames are of randomness and a counter alone (rule 14)",
    patches: [{ module: "pack/dist/frame-salt.js", from: "this.#hash.update(contents.ids);", to: "" }],
  },
  {
    name: "9-resend",
    what: "the next run decides anew what a dead one had sent (rule 9)",
    world: "one-writer",
    patches: [
      {
        module: `${REPOSITORY}outbox.js`,
        from: "        outbox.keep(name, bytes);\n            try {",
        to: "        try {",
      },
    ],
  },
  {
    name: "9-log",
    what: "log records are written beside open sessions (rule 9)",
    world: "one-writer",
    patches: [
      {
        module: `${REPOSITORY}log-writer.js`,
        from: "if (other === undefined)\n        return;",
        to: "return;",
      },
    ],
  },
  {
    name: "stat-of-another-file",
    what: "a file counts as unchanged when its size and mtime are what they were",
    patches: [
      {
        module: "snapshot/dist/backup/comparison.js",
        from: "(ignoreCtime || hasCtime(parent, table, row)) &&\n",
        to: "",
      },
      {
        module: "snapshot/dist/backup/comparison.js",
        from: "            (ignoreInode || hasInode(parent, table, row));\n        if (!isUnchanged)",
        to: "            true;\n        if (!isUnchanged)",
      },
    ],
  },
  {
    name: "prune-waits-for-nobody",
    what: "prune condemns and deletes beside backups that have begun before (reliability 3.2)",
    patches: [
      {
        module: `${REPOSITORY}prune/open-sessions.js`,
        from: "!decidable.includes(session) && isWaitedFor(parts, session)",
        to: "false",
      },
    ],
  },
  {
    name: "prune-roots-once",
    what: "prune reads after the wait no snapshots again (reliability 3.2)",
    patches: [
      {
        module: `${REPOSITORY}prune/prune.js`,
        from: "        this.#report.noteWaits(waited);\n        await this.#updateSurvey();\n",
        to: "        this.#report.noteWaits(waited);\n",
      },
    ],
  },
  {
    name: "prune-without-rescue",
    what: "prune deletes condemned packs though what is in them has become live",
    patches: [
      {
        module: `${REPOSITORY}prune/prune.js`,
        from: "await this.#copyLive(this.#survey.condemned());",
        to: "void 0;",
      },
    ],
  },
  {
    name: "prune-head-late",
    what: "prune deletes what was condemned after its wait, too",
    patches: [
      {
        module: `${REPOSITORY}prune/prune.js`,
        from: "await this.#finish(finished);",
        to: "await this.#finish(this.#parts.history.logHead);",
      },
    ],
  },
  {
    name: "prune-deletes-first",
    what: "prune deletes packs before the outcome that says so",
    patches: [
      {
        module: `${REPOSITORY}prune/prune.js`,
        from: "        await this.#decide({ added: all, removed, ...dropped });\n        await this.#deletePacks(left);",
        to: "        await this.#deletePacks(left);\n        await this.#decide({ added: all, removed, ...dropped });",
      },
    ],
  },
  {
    name: "4b-readback",
    what: "the outcome that was sent for a dead session is trusted, not the one that was decided (rule 4b)",
    patches: [
      {
        module: `${REPOSITORY}log-writer.js`,
        from: "        await history.refresh(storage, { strict: true, ownSession: session.number });\n",
        to: "        history.noteOwn({ number, bytes: sealObject(context, object, encodeOutcome(outcome)), outcome }, { arePending: true });\n        await history.refresh(storage, { strict: true, ownSession: session.number });\n",
      },
    ],
  },
  {
    name: "4b-log",
    what: "packs of the journal are adopted without a look at the log (rule 4b)",
    patches: [{ module: `${REPOSITORY}adopt-packs.js`, from: "if (index.isCondemned(name))", to: "if (false)" }],
  },
  {
    name: "3-digest",
    what: "a checkpoint gives open folders their digest (rule 3)",
    patches: [
      {
        module: "snapshot/dist/backup/provisional-trees.js",
        from: "const digest = NO_DIGEST;",
        to: "const digest = visit.table.digest(parts.repository.nameHash);",
      },
    ],
  },
  {
    name: "5-check",
    what: "snapshots made anew take references over unchecked (rule 5)",
    patches: [
      {
        module: "snapshot/dist/take-over/take-over.js",
        from: "const mustResolve = repository.history.condemnedSince(snapshot.logHead);",
        to: "const mustResolve = false;",
      },
    ],
  },
  {
    name: "1-base",
    what: "a compaction has a base though a lower number is open (rule 1)",
    patches: [
      {
        module: `${REPOSITORY}prune/base.js`,
        from: "    if (hasOpenBelow(history, number))\n        return undefined;\n",
        to: "",
      },
    ],
  },
  {
    name: "3-durable",
    what: "a checkpoint goes before what it names is durable (rule 3)",
    patches: [
      {
        module: `${REPOSITORY}write-session.js`,
        from: "        await this.chunks.settle();\n        const noted",
        to: "        const noted",
      },
    ],
  },
  {
    name: "4a-orphans",
    what: "packs that no segment names are deleted uncondemned (rule 4a)",
    patches: [
      {
        module: `${REPOSITORY}prune/prune.js`,
        from: "return [...named, ...orphans.map(({ reference }) => reference)];",
        to: "await deleteObjects(this.#parts.storage, orphans.map(({ name }) => name), () => { });\n        return named;",
      },
    ],
  },
  {
    name: "4b-void",
    what: "a session that seems dead is taken for ended without a word to it: no outcome is put (reliability 3.2, no fence)",
    patches: [
      {
        module: `${REPOSITORY}prune/open-sessions.js`,
        from: "await decideOutcomeOf(session, open.number, outcome);",
        to: "void outcome;",
      },
    ],
  },
  {
    name: "5-kind",
    what: "prune does not wait for sessions that make snapshots anew (rule 5)",
    patches: [
      {
        module: `${REPOSITORY}write-session.js`,
        from: '{ ...others, kind: "backup" }',
        to: '{ kind: "backup", ...others }',
      },
      {
        module: "snapshot/dist/take-over/remake.js",
        from: "{ level: COMPRESSION_LEVELS.auto, dryRun: false }",
        to: '{ level: COMPRESSION_LEVELS.auto, dryRun: false, kind: "prune" }',
      },
    ],
  },
  {
    name: "9-forget",
    what: "forget holds no session in a place for one writer (rule 9)",
    world: "one-writer",
    patches: [
      {
        module: `${REPOSITORY}log-writer.js`,
        from: "    if (repository.config.isForOneWriter !== true)\n        return await action(undefined);",
        to: "    if (true)\n        return await action(undefined);",
      },
      {
        module: `${REPOSITORY}log-writer.js`,
        from: "if (session === undefined)\n        throw",
        to: "if (false)\n        throw",
      },
      {
        module: `${REPOSITORY}log-writer.js`,
        from: "number !== session.number",
        to: "number !== session?.number",
      },
    ],
  },
  {
    name: "10-full",
    what: "on a full disk all condemned packs are deleted, also those with something live in them (rule 10)",
    patches: [
      {
        module: `${REPOSITORY}prune/prune.js`,
        from: "if (!this.#isFull)\n            return left;",
        to: "return left;",
      },
    ],
  },
  {
    name: "15-merge",
    what: "a prune drops entries of condemned packs before its wait (rule 15)",
    patches: [
      {
        module: `${REPOSITORY}prune/prune.js`,
        from: "await this.#rewrite(0);",
        to: "await this.#rewrite(this.#parts.history.logHead);",
      },
    ],
  },
  {
    name: "no-put-if-absent",
    what: "the storage takes a second value of a name, and says nothing (reliability 3.2)",
    world: "silent",
    patches: [],
  },
  {
    name: "leftovers-of-all",
    what: "segments that nothing refers to are deleted, those of open sessions too",
    patches: [
      {
        module: `${REPOSITORY}prune/listing.js`,
        from: "        if (hasEnded(history, reference.session))\n            yield name;",
        to: "        yield name;",
      },
    ],
  },
  {
    name: "8-copy",
    what: "rows of a database are acted on before their copies are in the repository (rule 8)",
    world: "elsewhere",
    patches: [
      {
        module: `${REPOSITORY}elsewhere/registers-elsewhere.js`,
        from: "await this.#copy(name, value, options);",
        to: "",
      },
    ],
  },
  {
    name: "8-twostep",
    what: "rows of a database are copied under their final names at once (rule 8)",
    world: "elsewhere",
    patches: [
      {
        module: `${REPOSITORY}elsewhere/registers-elsewhere.js`,
        from: "            await this.#announceCopy(name, value, options);\n            await this.#requireRow(name, value, options);\n",
        to: "",
      },
    ],
  },
  {
    name: "8-fence",
    what: "repair looks which copies there are before it closes the database (rule 8)",
    world: "elsewhere",
    patches: [
      {
        module: `${REPOSITORY}elsewhere/repair.js`,
        from: "    const highest = await table.close(token);\n    const announced = await findAnnounced(objects, id);\n",
        to: "    const announced = await findAnnounced(objects, id);\n    const listed = await listCopies(parts, { from: Math.max(1, announced), last: 100 });\n    const highest = await table.close(token);\n",
      },
      {
        module: `${REPOSITORY}elsewhere/repair.js`,
        from: "    const listed = await listCopies(parts, { from, last: known + AHEAD_MAX });\n",
        to: "",
      },
    ],
  },
  {
    name: "taken-again",
    what: "a number that somebody else has taken is asked for again and again",
    patches: [
      {
        module: `${REPOSITORY}session.js`,
        from: 'for (let attempt = 0; attempt < RESERVE_ATTEMPTS_MAX; attempt++) {\n        number = attempt === 0 ? number + 1 : (await findHead(storage, "sessions", number)) + 1;',
        to: "number++;\n    for (;;) {",
      },
    ],
  },
  {
    name: "round-and-round",
    what: "prune looks for what is live again and again",
    patches: [
      {
        module: `${REPOSITORY}prune/pack-table.js`,
        from: "while (scan.next(STRIDE, (places) => visit(kind, places)))",
        to: "for (;; scan.next(STRIDE, (places) => visit(kind, places)))",
      },
    ],
  },
  {
    name: "copy-unlooked",
    what: "a copy takes over what an earlier one has, though packs were condemned since (rule 5)",
    patches: [
      {
        module: "snapshot/dist/copy/copy-snapshot.js",
        from: "const mustResolve = target.history.condemnedSince(logHead);",
        to: "const mustResolve = false;",
      },
    ],
  },
  {
    name: "copy-memory-kept",
    what: "a copy takes over what it has copied before in the same run, though packs were condemned since (rule 5)",
    patches: [
      {
        module: "snapshot/dist/copy/copy-snapshot.js",
        from: "history.condemnedSince(memory.logHead))",
        to: "false)",
      },
    ],
  },
  {
    name: "copy-other-content",
    what: "a copy takes a file for that of an earlier copy when its size is the same",
    patches: [
      {
        module: "snapshot/dist/copy/counterpart.js",
        from: "if (compareBytes(encodeContent(source.content), encodeContent(content)) !== 0)",
        to: "if (contentSize(source.content) !== contentSize(content))",
      },
    ],
  },
  {
    name: "copy-other-folder",
    what: "a copy takes a folder for that of an earlier copy whatever is in it",
    patches: [
      {
        module: "snapshot/dist/copy/counterpart.js",
        from: "if (compareBytes(source.subtree.id, tree.id) !== 0)",
        to: "if (false)",
      },
    ],
  },
  {
    name: "repair-saves-nothing",
    what: "what still opens of a bad pack counts as stored when the pack is condemned",
    patches: [
      {
        module: `${REPOSITORY}repair/repair-packs.js`,
        from: "partsOf(repository).index.chunks.condemn(name);",
        to: ";",
      },
    ],
  },
  {
    name: "claim-beyond",
    what: 'a repair of registers claims beyond a generation that another has opened since it closed (rule 8); in worlds "elsewhere-folder"',
    world: "elsewhere-folder",
    patches: [
      {
        module: "storage/dist/registers/storage-table.js",
        from: "let below = closed + 1;",
        to: "let below = Math.max(closed, await this.#highest()) + 1;",
      },
    ],
  },
];
