import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files of a few lines that take long: they begin what lies in folders. Where there is no record of an earlier run, as in a
 * new clone, Vitest goes by the size of the files and would have them last, when there is nothing left to run beside them.
 */
const longOnes =
  /\/test\/(crash-\w+|damage-repair|deep-[\w-]+|few-descriptors|moving-rounds|resume-operations|simulation|tahoe-writers|threads|undecided-commit)\.test\.ts$/;

/** Within a project, files that take long come before the others. */
export class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specifications);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((project) => {
      const own = sorted.filter((one) => one.project === project);
      const isLong = ({ moduleId }: TestSpecification) => longOnes.test(moduleId);
      return [...own.filter(isLong), ...own.filter((one) => !isLong(one))];
    });
  }
}
