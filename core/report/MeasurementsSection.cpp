// SPDX-License-Identifier: GPL-3.0-or-later
// All that was measured, with what it was measured on and how.
#include "foundation/Wording.h"
#include "report/ReportSections.h"
#include "session/Measurements.h"
#include "tasks/TaskTable.h"

#include <algorithm>
#include <cmath>

namespace secateur::html {
namespace {

std::string perplexities(const ReportFacts &facts)
{
    Table table(
        "Perplexity: exp of the mean loss over all predicted tokens of windows that do not overlap",
        {{"Model"}, {"Text"}, {"Tokens", true}, {"Loss, nats/token", true}, {"Perplexity", true}, {"To the original", true}, {"Computed"}});
    for (const Measurement &measured : facts.session.measurements) {
        if (measured.what != Measured::Perplexity)
            continue;
        const Evaluation &e = measured.result;
        const Measurement *original = measured.planHash.empty() ? nullptr : originalFor(facts.session.measurements, measured);
        const bool isAlike = original && areComputedAlike(*original, measured);
        std::string ratio;
        if (original)
            ratio = digits(e.perplexity / original->result.perplexity) + " times" + (isAlike ? "" : " ~");
        TextSettings text = measured.text;
        text.windows = e.windows;
        text.length = e.length;
        table.add({facts.planName(measured.planHash),
                   textWords(text) + (e.tokenHash.empty() ? std::string() : "; tokens " + hash(e.tokenHash)), whole(e.tokens),
                   fixed(e.loss, 4), digits(e.perplexity), ratio,
                   conditionsBriefly(measured.computed) + (measured.isOrderBorrowed ? "; order of removals taken from another K" : "")},
                  !measured.planHash.empty() && measured.planHash == facts.planHash);
    }
    return table.html();
}

std::string accuracy(double value, std::optional<double> error)
{
    return withError(value, error.value_or(std::nan("")), 4);
}

std::string tasks(const ReportFacts &facts)
{
    Table table("Tasks, zero-shot: accuracy with its standard error",
                {{"Model"}, {"Task"}, {"Accuracy", true}, {"Normed by length", true}, {"Items", true}, {"Asked"}, {"Computed"}});
    for (const Measurement &measured : facts.session.measurements) {
        if (!measured.tasks)
            continue;
        const TaskResults &all = *measured.tasks;
        std::string asked = all.limit ? (all.seed == 0 ? "the first " : "a sample of ") + counted(*all.limit, "item") + " of each task" +
                                            (all.seed == 0 ? std::string() : ", seed " + std::to_string(all.seed))
                                      : std::string("all items");
        asked += std::string(", BOS ") + nameOf(all.bos) + ", inputs up to " + counted(all.longest, "token");
        const bool hasMmlu = std::ranges::any_of(all.tasks, [](const TaskResult &task) { return task.name == "mmlu"; });
        for (const TaskResult &task : all.tasks)
            if (!hasMmlu || !task.name.starts_with("mmlu_"))
                table.add({facts.planName(measured.planHash),
                           text(taskTitle(task.name)) +
                               (task.subjects > 0 && task.name == "mmlu" ? ", " + counted(task.subjects, "subject") : std::string()),
                           accuracy(task.acc, task.accStderr), task.accNorm ? accuracy(*task.accNorm, task.accNormStderr) : std::string(),
                           whole(task.items) + (task.skipped > 0 ? " (" + whole(task.skipped) + " skipped)" : std::string()),
                           text(asked) + (task.textHash.empty() ? std::string() : "; texts " + hash(task.textHash)),
                           conditionsBriefly(measured.computed)},
                          !measured.planHash.empty() && measured.planHash == facts.planHash);
    }
    return table.html();
}

std::string rate(const Rate &rate)
{
    return digits(rate.median) + " (" + digits(rate.least) + " to " + digits(rate.most) + ")";
}

std::string speeds(const ReportFacts &facts)
{
    Table table("Speed, tokens per second: median, and the least and the most of the repetitions", {{"Model"},
                                                                                                    {"Prompt, tokens", true},
                                                                                                    {"Sequences", true},
                                                                                                    {"Prefill", true},
                                                                                                    {"Decode", true},
                                                                                                    {"New tokens", true},
                                                                                                    {"Repetitions", true},
                                                                                                    {"Computed"}});
    for (const Measurement &measured : facts.session.measurements)
        for (const Throughput &speed : measured.throughput)
            table.add({facts.planName(measured.planHash), whole(speed.promptLength), whole(speed.batchSize), rate(speed.prefill),
                       rate(speed.decode), whole(speed.newTokens), whole(speed.repetitions), conditionsBriefly(measured.computed)},
                      !measured.planHash.empty() && measured.planHash == facts.planHash);
    return table.html();
}

std::string prunings(const ReportFacts &facts)
{
    Table table("What finding a plan took", {{"Plan"}, {"Time", true}, {"Windows through the model", true}, {"Computed"}});
    for (const Measurement &measured : facts.session.measurements)
        if (measured.what == Measured::Pruning)
            table.add({facts.planName(measured.planHash), duration(measured.seconds),
                       measured.windowsForwarded ? whole(*measured.windowsForwarded) : std::string(), conditionsBriefly(measured.computed)},
                      !measured.planHash.empty() && measured.planHash == facts.planHash);
    return table.html();
}

} // namespace

std::string measurementsSection(const ReportFacts &facts)
{
    return perplexities(facts) + tasks(facts) + speeds(facts) + prunings(facts);
}

} // namespace secateur::html
