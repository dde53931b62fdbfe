// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/BalanceWords.h"

#include "models/SessionModel.h"
#include "panels/plan/ShelfWords.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include <cmath>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::BalanceWords)
};

/// The counts of the rule, with the paper's names.
struct Counts {
    double L, A, F, M, s, alpha;

    explicit Counts(const SessionModel &session)
        : L(double(session.layerCount())),
          A(double(attentionParameters(*session.spec().layers.front().attention, session.spec().hiddenSize))),
          F(double(ffnParameters(*session.spec().layers.front().ffn, session.spec().hiddenSize))),
          M(double(layerParameters(session.spec()))),
          s(session.draft().balance.sparsity),
          alpha(session.draft().balance.alpha)
    {
    }
};

QString decimal(double value, int decimals)
{
    return QLocale().toString(value, 'f', decimals);
}

/// At most four digits after the point, none that are 0.
QString brief(double value)
{
    return QLocale().toString(value, 'g', 4);
}

QString bold(qint64 value)
{
    return QStringLiteral("<b>%1</b>").arg(exactText(value));
}

QString lines(const QStringList &all)
{
    return all.join(QStringLiteral("<br>"));
}

QString explanationOf(const SessionModel &session, const Counts &c)
{
    if (!session.balance())
        return session.balanceProblem() + QLatin1Char(' ') + session.balanceHint();
    const double share = double(session.bounds()->attentionsByRule) / c.L;
    const QString amount = share == 0     ? Words::tr("none is removed")
                           : share < 0.25 ? Words::tr("few are removed")
                           : share < 0.6  ? Words::tr("some are removed")
                                          : Words::tr("many are removed");
    return Words::tr(
               "How many attentions go, how many neurons stay. An FFN here is %1 times as large as an attention; at this sparsity %2.")
        .arg(decimal(c.F / c.A, 1), amount);
}

QString depthOf(const SessionModel &session, const Counts &c)
{
    const qint64 byRule = session.bounds()->attentionsByRule;
    const double exact = c.L * std::pow(c.s, c.F / c.A / c.alpha);
    const QString live =
        QStringLiteral("&nbsp;&nbsp;= round(%1 · %2^(%3/%4))").arg(decimal(c.L, 0), brief(c.s), decimal(c.F / c.A, 2), brief(c.alpha));
    const auto &byHand = session.draft().balance.attentionsToRemove;
    if (byHand)
        return lines({Words::tr("N = %1, set by hand").arg(bold(*byHand)), Words::tr("The rule: round(L · s^((F/A)/α))"), live,
                      QStringLiteral("&nbsp;&nbsp;= round(%1) = %2").arg(decimal(exact, 2), exactText(byRule))});
    return lines({QStringLiteral("N = round(L · s^((F/A)/α))"), live,
                  QStringLiteral("&nbsp;&nbsp;= round(%1) = %2").arg(decimal(exact, 2), bold(byRule))});
}

QString widthOf(const SessionModel &session, const Counts &c)
{
    const BalanceSettings &settings = session.draft().balance;
    const auto byRule = session.neuronsByRule();
    if (settings.neuronsKept) {
        QStringList all{Words::tr("K = %1 of %2, set by hand").arg(bold(*settings.neuronsKept), exactText(session.neurons()))};
        if (session.balance())
            all << Words::tr("This plan removes %1 of the layers' parameters").arg(percentText(session.balance()->sparsityLayers(), 2));
        all << (byRule ? Words::tr("The target of %1 asks for K&nbsp;=&nbsp;%2").arg(targetText(c.s), exactText(*byRule))
                       : Words::tr("The target of %1 cannot be reached with this N").arg(targetText(c.s)));
        return lines(all);
    }
    if (!session.balance())
        return {};
    const auto N = double(session.attentionsToRemove());
    const double P = std::nearbyint((std::nearbyint(c.s * c.M) - N * c.A) / c.L); // as core rounds
    QStringList all{QStringLiteral("P = round((s·M − N·A) / L)"), QStringLiteral("&nbsp;&nbsp;= %1").arg(exactText(qint64(P))),
                    QStringLiteral("K = round(I · (1 − P/F))"),
                    QStringLiteral("&nbsp;&nbsp;= %1 of %2").arg(bold(session.neuronsKept()), exactText(session.neurons()))};
    if (settings.widthMultiple > 1)
        all << Words::tr("&nbsp;&nbsp;to a multiple of %1").arg(settings.widthMultiple);
    return lines(all);
}

} // namespace

QString planSentence(const SessionModel &session)
{
    const SparsityBalance &balance = *session.balance();
    if (session.isSettled())
        return Words::tr("%1: removes <b>%2</b> of the layers' parameters, %3 of the model's.",
                         "by what it is settled, and what it removes")
            .arg(settledByText(session), percentText(balance.sparsityLayers()), percentText(balance.sparsityModel()));
    const QString attentions = balance.attentionsToRemove == 1 ? Words::tr("attention removed") : Words::tr("attentions removed");
    const QString plan = Words::tr("<b>N = %1</b> %2, <b>K = %3</b> of %4 neurons kept")
                             .arg(exactText(balance.attentionsToRemove), attentions, exactText(balance.neuronsKept),
                                  exactText(session.neurons())),
                  removes = Words::tr("removes <b>%1</b> of the layers' parameters, %2 of the model's.")
                                .arg(percentText(balance.sparsityLayers()), percentText(balance.sparsityModel()));
    const BalanceSettings &settings = session.draft().balance;
    if (session.shelfPlan())
        return Words::tr("%1: %2", "N and K, what the plan removes").arg(plan, removes);
    if (!settings.neuronsKept)
        return Words::tr("%1: target %2, %3", "N and K, the target, what the plan removes")
            .arg(plan, targetText(settings.sparsity), removes);
    return Words::tr("%1 K is set by hand, so the target of %2 is not followed.")
        .arg(Words::tr("%1: %2", "N and K, what the plan removes").arg(plan, removes), targetText(settings.sparsity));
}

QString infeasibleText(const SessionModel &session)
{
    const BalanceBounds &bounds = *session.bounds();
    const BalanceSettings &settings = session.draft().balance;
    const std::int64_t N = settings.attentionsToRemove.value_or(bounds.attentionsByRule);
    const QString reason = N > bounds.mostAttentions ? Words::tr("so many attentions alone exceed it")
                           : N < 0                   ? Words::tr("there cannot be fewer than none")
                                                     : Words::tr("pruning every neuron would not be enough");
    return Words::tr("%1 cannot be reached with N = %2: %3. Feasible: %4 to %5.")
        .arg(targetText(settings.sparsity))
        .arg(N)
        .arg(reason)
        .arg(bounds.leastAttentions)
        .arg(bounds.mostAttentions);
}

BalanceWords balanceWords(const SessionModel &session)
{
    if (!session.hasModel())
        return {};
    if (!session.bounds()) // the layers differ, or a setting is out of range
        return {.explanation = session.balanceProblem(), .depth = {}, .width = {}};
    if (session.shelfPlan())
        return {.explanation = shelfPlanText(session), .depth = {}, .width = {}};
    const Counts counts(session);
    return {.explanation = explanationOf(session, counts), .depth = depthOf(session, counts), .width = widthOf(session, counts)};
}

} // namespace secateur::ui
