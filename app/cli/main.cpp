// SPDX-License-Identifier: GPL-3.0-or-later
// secateur-cli: everything that the window does, on the command line.
#include "cli/Commands.h"
#include "cli/ExitCodes.h"
#include "cli/Interruption.h"
#include "cli/Options.h"
#include "cli/Reporter.h"
#include "foundation/Failures.h"

#include <exception>
#include <iostream>
#include <optional>

int main(int argc, char **argv)
{
    using namespace secateur;
    const bool isJson = cli::isJsonWanted(argc, argv);
    cli::Reporter reporter(isJson);
    std::optional<cli::Interruption> interruption; // until the last word is said
    try {
        interruption.emplace(isJson ? "{\"event\":\"cancelled\"}\n" : "Cancelled.\n");
        int exitCode = cli::kDone;
        std::optional<cli::Options> options = cli::parse(argc, argv, exitCode);
        if (!options)
            return exitCode;
        cli::findTexts(*options);
        cli::run(*options, interruption->token(), reporter);
        if (std::cout.flush())
            return cli::kDone;
        reporter.error("The output could not be written.", "Its disk is full, or whoever read it is gone.");
    } catch (const Cancelled &) {
        reporter.endBar();
        reporter.tell(JobCancelled());
        reporter.line("Cancelled.");
        return cli::kCancelled;
    } catch (const std::exception &problem) {
        const Error error = asError(problem);
        reporter.error(error.what(), error.hint());
    }
    return cli::kFailed;
}
