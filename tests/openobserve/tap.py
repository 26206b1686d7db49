# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""unittest, reported as TAP: call main() at the end of a file of test cases.

A test is named by its class and its method, in words. What went wrong follows on standard error.
"""
import re
import sys
import unittest


def words(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).lower().strip()


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.problems = []
        self.skip_reason = None

    def startTest(self, test):
        super().startTest(test)
        self.problems, self.skip_reason = [], None

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, self.errors)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, self.failures)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.problems.append(f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skip_reason = reason

    def note(self, test, listed):
        if isinstance(test, unittest.TestCase):
            self.problems.append(listed[-1][1])
        else:  # a class or module that could not be set up, whose tests will not be run
            self.report(f"not ok {self.number + 1} - {test}", [listed[-1][1]])

    def stopTest(self, test):
        super().stopTest(test)
        name = f"{words(type(test).__name__.removesuffix('Test'))}: {words(test._testMethodName.removeprefix('test_'))}"
        verdict = "not ok" if self.problems else "ok"
        skip = f" # SKIP {self.skip_reason}" if self.skip_reason is not None and not self.problems else ""
        self.report(f"{verdict} {self.number + 1} - {name}{skip}", self.problems)

    def report(self, line, problems):
        self.number += 1
        print(line, flush=True)
        for problem in problems:
            print(problem, file=sys.stderr, flush=True)


def main():
    names = sys.argv[1:] or None
    loader = unittest.defaultTestLoader
    module = sys.modules["__main__"]
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    print(f"1..{suite.countTestCases()}", flush=True)
    result = Result()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
