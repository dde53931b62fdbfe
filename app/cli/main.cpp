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

namespace {

/// What cannot even be begun: there is no reporter yet.
int refuse(const std::exception &problem)
{
    const secateur::Error error = secateur::asError(problem);
    std::cerr << "secateur-cli: " << error.what() << "\n  " << error.hint() << std::endl;
    return secateur::cli::kFailed;
}

} // namespace

int main(int argc, char **argv)
{
    using namespace secateur;
    int exitCode = cli::kDone;
    std::optional<cli::Options> options;
    try {
        options = cli::parse(argc, argv, exitCode);
    } catch (const std::exception &problem) {
        return refuse(problem);
    }
    if (!options)
        return exitCode;
    cli::Reporter reporter(options->isJson);
    std::optional<cli::Interruption> interruption; // until the last word is said
    try {
        interruption.emplace(options->isJson ? "{\"event\":\"cancelled\"}\n" : "Cancelled.\n");
        cli::run(*options, interruption->token(), reporter);
        if (std::cout.flush())
            return cli::kDone;
        reporter.error("The output could not be written.", "Its disk is full, or whoever read it is gone.");
    } catch (const Cancelled &) {
        reporter.endBar();
        reporter.event({{"event", "cancelled"}});
        reporter.line("Cancelled.");
        return cli::kCancelled;
    } catch (const std::exception &problem) {
        const Error error = asError(problem);
        reporter.error(error.what(), error.hint());
    }
    return cli::kFailed;
}
