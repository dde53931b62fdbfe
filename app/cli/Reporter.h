// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/JobContext.h"
#include "foundation/Wording.h"
#include "session/JobEvent.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace secateur::cli {

/// Says how far a job is and what came out of it.
///
/// Progress goes to standard error: a bar that is drawn over itself on a terminal, a plain line now and then in a pipe. Results go to
/// standard output: text, or with --json one object a line, progress included. Adds up the seconds of every phase.
class Reporter {
public:
    explicit Reporter(bool isJson);
    ~Reporter();

    bool isJson() const { return m_isJson; }
    /// From here on only errors are printed, each with that in front: of a process that helps another, which speaks for both.
    void silence(std::string who);
    /// Throws Error when the output cannot be written any more.
    void progress(const Progress &progress);
    /// One more event of the JSON stream; nothing otherwise.
    void tell(const JobEvent &event) { this->event(toJson(event)); }
    /// The same of what no job tells: of the command itself.
    void event(const nlohmann::json &object);
    /// A line of text on standard output; nothing with --json. Control characters are shown as printable() has them, here and in all that follows but
    /// pieces; names from outside are made printable before, because a line may have line breaks of its own.
    void line(const std::string &text);
    /// A piece of text on standard output as it is; nothing with --json.
    void piece(const std::string &text);
    enum class LastColumn { Number, Text };
    /// Rows of cells as an aligned table; the first column to the left, the others to the right (a last one of texts to the left). Nothing
    /// with --json.
    void table(const std::vector<std::vector<std::string>> &rows, LastColumn last = LastColumn::Number);
    /// A line on standard error that is no result; nothing with --json.
    void aside(const std::string &text);
    /// Something to know about what is read or waited for: a line on standard error, with --json an event.
    void note(const std::string &text);
    void error(const std::string &sentence, const std::string &hint);
    /// Ends a bar that is still drawn, so that text can follow.
    void endBar();

    /// Seconds of each phase so far, and of the whole.
    nlohmann::json seconds() const;

private:
    struct Phase {
        std::string name;
        double seconds = 0;
    };
    void draw(const Progress &progress);

    bool m_isJson = false, m_isSilent = false, m_isTerminal = false, m_isBarDrawn = false;
    std::string m_who; ///< in front of errors, when silent
    std::vector<Phase> m_phases;
    std::string m_current;
    double m_counted = 0; ///< seconds of the current phase that are in m_phases already
    std::chrono::steady_clock::time_point m_start, m_lastShown;
};

/// Fixed number of decimals.
std::string decimal(double number, int decimals);
/// As "1.2 GB" (powers of ten).
std::string size(std::int64_t bytes);
/// "0:45", "1:02:03".
std::string duration(double seconds);

} // namespace secateur::cli
