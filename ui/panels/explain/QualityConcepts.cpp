// SPDX-License-Identifier: GPL-3.0-or-later
// How good a model is, and how sure a number.
#include "models/SessionModel.h"
#include "panels/explain/LiveParts.h"
#include "widgets/Quantity.h"

#include <algorithm>
#include <ranges>

namespace secateur::ui {
namespace {

using Words = CardWords;

QString ofLoss(const QString &of, const Measurement &measured)
{
    return QStringLiteral("%1: exp(%2) = %3").arg(of, fixedText(measured.result.loss, 4), bold(perplexityText(measured.result.perplexity)));
}

QString lossWords(const QString &of, const Measurement &measured)
{
    return Words::tr("%1: a mean loss of %2 nats over %3 tokens; e to that power is %4.", "plan or original")
        .arg(of, fixedText(measured.result.loss, 4), exactText(measured.result.tokens), perplexityText(measured.result.perplexity));
}

LiveNumbers livePerplexity(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    QStringList lines, words;
    if (const Measurement *plan = session.planEvaluation()) {
        lines << ofLoss(Words::tr("current plan"), *plan);
        words << lossWords(Words::tr("Current plan"), *plan);
    } else {
        words << Words::tr("The current plan is not evaluated on this text, so there is no number of it.");
    }
    if (const Measurement *dense = session.denseEvaluation()) {
        lines << ofLoss(Words::tr("original"), *dense);
        words << lossWords(Words::tr("Original"), *dense);
    }
    return {.formula = formulaLines(lines), .words = words.join(u' ')};
}

Concept perplexity()
{
    return {
        .id = ConceptId::Perplexity,
        .title = Words::tr("Perplexity"),
        .what =
            Words::tr("How much a text surprises the model, on average over its tokens. A perplexity of 20 means: as if it had to choose "
                      "among 20 equally likely tokens each time."),
        .formula = QStringLiteral("loss = −(1/T) · Σ ln p(t)<br>PPL = exp(loss)"),
        .symbols = {{QStringLiteral("T"), Words::tr("tokens that are predicted: all of a window but its first")},
                    {QStringLiteral("t"), Words::tr("one of them")},
                    {QStringLiteral("p"), Words::tr("the probability that the model gave that token, from those before it in the window")},
                    {QStringLiteral("loss"), Words::tr("mean cross entropy, nats a token")},
                    {QStringLiteral("PPL"), Words::tr("perplexity")}},
        .reading = Words::tr("The loss is the mean, over all predicted tokens, of minus the natural logarithm of the probability that the "
                             "model gave to the token that came. The perplexity is e to the power of the loss."),
        .live = livePerplexity,
        .matters =
            Words::tr("It is quick, needs nothing but a text, and tells two plans apart long before people would notice a difference."),
        .limits =
            Words::tr("Low perplexity does not guarantee accuracy on tasks. Perplexities on other texts, other windows or other tokenizers "
                      "cannot be compared; the search perplexity comes from its own few windows and is another quantity."),
    };
}

/// The accuracies to show: of the current plan, else of the original; the latest.
const Measurement *tasksInHand(const SessionModel &session, bool &isOfPlan)
{
    const std::string hash = session.planHash().toStdString();
    const std::vector<Measurement> &all = session.session().measurements;
    const auto latest = [&](const std::string &of) -> const Measurement * {
        for (const Measurement &measured : std::views::reverse(all))
            if (measured.what == Measured::Tasks && measured.tasks && measured.planHash == of)
                return &measured;
        return nullptr;
    };
    const Measurement *ofPlan = hash.empty() ? nullptr : latest(hash);
    isOfPlan = ofPlan != nullptr;
    return ofPlan ? ofPlan : latest({});
}

LiveNumbers liveTasks(const ExplainContext &context)
{
    if (!context.session.hasModel())
        return noNumbers(noModelText());
    bool isOfPlan = false;
    const Measurement *measured = tasksInHand(context.session, isOfPlan);
    if (!measured)
        return noNumbers(Words::tr("No task was measured yet: choose some on the page Evaluation."));
    constexpr std::size_t kMost = 4;
    QStringList lines{isOfPlan ? Words::tr("current plan") : Words::tr("original")}, words;
    for (const TaskResult &task : measured->tasks->tasks | std::views::take(kMost)) {
        const QString name = QString::fromStdString(task.name);
        lines << QStringLiteral("%1: acc = %2, n = %3").arg(name, bold(percentText(task.acc)), exactText(task.items));
        if (!task.accStderr) {
            words << Words::tr("%1: %2 of %3 items right.").arg(name, percentText(task.acc), exactText(task.items));
            continue;
        }
        if (task.subjects == 0)
            lines << onward(QStringLiteral("err = √(%1 · %2 / %3) = %4")
                                .arg(fixedText(task.acc, 3), fixedText(1 - task.acc, 3), exactText(task.items - 1),
                                     bold(percentText(*task.accStderr))));
        else
            lines << onward(QStringLiteral("err = %1").arg(bold(percentText(*task.accStderr)))); // pooled over its subjects
        words << Words::tr("%1: %2 of %3 items right, give or take %4.")
                     .arg(name, percentText(task.acc), exactText(task.items), percentText(*task.accStderr));
    }
    return {.formula = formulaLines(lines), .words = words.join(u' ')};
}

Concept taskAccuracy()
{
    return {
        .id = ConceptId::TaskAccuracy,
        .title = Words::tr("Tasks and their error"),
        .what = Words::tr(
            "Multiple-choice questions: the model's answer is the choice whose tokens it finds likeliest. The accuracy is the share "
            "of right answers; the standard error says how far chance alone may have moved it."),
        .formula = QStringLiteral("acc = r / n<br>err = √(acc · (1 − acc) / (n − 1))"),
        .symbols = {{QStringLiteral("r"), Words::tr("items answered right")},
                    {QStringLiteral("n"), Words::tr("items asked")},
                    {QStringLiteral("acc"), Words::tr("accuracy")},
                    {QStringLiteral("err"), Words::tr("standard error of the accuracy (of all MMLU it is pooled over the subjects)")}},
        .reading =
            Words::tr("The accuracy is the number of right answers over the number of items. Its standard error is the square root of the "
                      "accuracy times one minus the accuracy, over the number of items less one."),
        .live = liveTasks,
        .matters =
            Words::tr("Two accuracies that lie within two standard errors of each other may well be the same. With 100 items an error of "
                      "5 points is usual: small samples decide nothing."),
        .limits =
            Words::tr("The model does not speak here, it only ranks choices. acc_norm, which divides by the length of a choice, may rank "
                      "plans otherwise."),
    };
}

LiveNumbers liveSigns(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const QString sign = exactnessSign(session.planExactness()), why = session.planExactnessText();
    if (sign.isEmpty())
        return noNumbers(Words::tr("The current plan carries no sign: %1.").arg(why));
    return {.formula = QStringLiteral("%1 %2").arg(bold(sign), why),
            .words =
                Words::tr("The numbers of the current plan carry the sign for %1: %2.").arg(exactnessWord(session.planExactness()), why)};
}

Concept marks()
{
    return {
        .id = ConceptId::Signs,
        .title = Words::tr("The signs = ~ !"),
        .what =
            Words::tr("Every number says where it comes from, by a sign and a word. A number without a sign is not known yet, and shows a "
                      "dash."),
        .formula = QStringLiteral("= &nbsp;~ &nbsp;!"),
        .symbols = {{QStringLiteral("="), Words::tr("exact: follows from this very plan, or was measured for it")},
                    {QStringLiteral("~"), Words::tr("estimate: computed by a formula that its tooltip tells")},
                    {QStringLiteral("!"), Words::tr("out of date: belongs to another K or another plan")}},
        .reading = Words::tr("An equals sign means exact, a tilde means an estimate, an exclamation mark means out of date."),
        .live = liveSigns,
        .matters = Words::tr("A figure may be copied only with its sign: an out-of-date perplexity is that of another model."),
        .limits =
            Words::tr("Exact says that a number belongs to this plan, not that the plan is good; and a measurement is exact on its text "
                      "alone."),
    };
}

} // namespace

std::vector<Concept> qualityConcepts()
{
    return {perplexity(), taskAccuracy(), marks()};
}

} // namespace secateur::ui
