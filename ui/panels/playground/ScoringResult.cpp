// SPDX-License-Identifier: GPL-3.0-or-later
// What ScoringView shows of a text that was scored.
#include "panels/playground/ScoringView.h"

#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "models/SessionModel.h"
#include "panels/playground/AskedModels.h"
#include "panels/playground/TokenTable.h"
#include "plots/TableTexts.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"
#include "widgets/TokenView.h"

#include <QComboBox>
#include <QLocale>
#include <QSortFilterProxyModel>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr double kLeastScale = 0.1; ///< nats: smaller differences than that never have the full colour
constexpr double kShare = 0.95;     ///< of the differences that have less than the full colour: a huge one must not flatten the rest

} // namespace

void ScoringView::clear()
{
    m_run.reset();
    m_names.clear();
    m_cut->clear();
    m_note->clear();
    m_model->show({}, 0, {});
    m_tokens->clear();
    m_result->hide();
}

void ScoringView::take(const ScoredRun &run)
{
    m_run = std::make_shared<const ScoredRun>(run);
    m_note->clear();
    if (run.used < run.text.size())
        m_cut->say(InlineNote::Kind::Warning,
                   tr("The model's context ends before the text does: %1 tokens were read. What is grey does not count.")
                       .arg(exactText(qint64(run.scored.ids.size()))));
    else
        m_cut->clear();
    showRun();
    m_result->show();
}

/// Names follow the plan in hand: a result of another one is never shown as this one's.
void ScoringView::showRun()
{
    m_names = askedNames(m_workbench.session, m_run->run);
    {
        const QSignalBlocker quiet(m_shownPlan);
        const int before = m_shownPlan->currentIndex();
        m_shownPlan->clear();
        for (int i = 1; i < m_names.size(); ++i)
            m_shownPlan->addItem(tr("Differences of: %1").arg(m_names[i]));
        m_shownPlan->setCurrentIndex(std::clamp(before, 0, std::max(0, m_shownPlan->count() - 1)));
    }
    m_shownPlan->setVisible(m_shownPlan->count() > 1);
    showSums();
    showTokens();
}

std::size_t ScoringView::plan() const
{
    const int chosen = m_shownPlan->currentIndex() + 1;
    return m_run && std::size_t(chosen) < m_run->scored.models.size() ? std::size_t(chosen) : 0;
}

void ScoringView::showSums()
{
    const ScoredText &scored = m_run->scored;
    const QLocale locale;
    QStringList lines;
    for (std::size_t i = 0; i < scored.models.size(); ++i) {
        const QString sums = tr("%1: mean loss %2 nats, perplexity %3")
                                 .arg(m_names[int(i)], locale.toString(scored.meanLoss(i), 'f', 4), perplexityText(scored.perplexity(i)));
        const double more = scored.totalLoss(i) - scored.totalLoss(0);
        lines += i == 0 ? sums : tr("%1; all differences together %2 nats").arg(sums, signedText(more, 3));
    }
    if (scored.models.size() == 1)
        lines += tr("Make a plan, and ask it too, to see the difference.");
    m_sums->setText(lines.join(QLatin1Char('\n')));
}

/// Nats at which a difference has the full colour.
double ScoringView::scale() const
{
    std::vector<double> sizes;
    for (std::size_t token = 1; token < m_run->scored.ids.size(); ++token)
        sizes.push_back(std::abs(lossDifference(m_run->scored, plan(), token)));
    if (sizes.empty())
        return kLeastScale;
    const auto at = sizes.begin() + std::ptrdiff_t(kShare * double(sizes.size() - 1));
    std::nth_element(sizes.begin(), at, sizes.end());
    return std::max(kLeastScale, *at);
}

void ScoringView::showTokens()
{
    if (!m_run)
        return;
    const ScoredText &scored = m_run->scored;
    const bool hasPlan = plan() > 0;
    const double full = scale();
    std::vector<TokenView::Token> tokens;
    for (std::size_t i = 0; i < scored.ids.size(); ++i) {
        TokenView::Token &token = tokens.emplace_back();
        token.text = QString::fromStdString(scored.pieces[i]);
        if (hasPlan)
            token.change = lossDifference(scored, plan(), i) / full;
    }
    if (m_run->used < m_run->text.size())
        tokens.push_back({.text = QString::fromStdString(m_run->text.substr(m_run->used)), .isOutside = true});
    m_tokens->setTokens(std::move(tokens));
    m_legend->setText(hasPlan ? tr("Red, with a line: more surprised than the original. Blue, dotted: less. Full colour from %1 nats on.")
                                    .arg(QLocale().toString(full, 'f', 2))
                              : tr("There is no plan to compare with: the tokens have no colour."));
    m_model->show(m_run, plan(), m_names);
    for (const int column : {TokenTable::kDifference, TokenTable::kPlan, TokenTable::kPlanProbability})
        m_table->setColumnHidden(column, !hasPlan);
    m_table->sortByColumn(hasPlan ? TokenTable::kDifference : TokenTable::kOriginal, Qt::DescendingOrder);
    showDetails(-1);
}

QString ScoringView::likeliest(std::size_t model, int token) const
{
    QStringList all;
    for (const ScoredToken::Likely &likely : m_run->scored.models[model][std::size_t(token)].likeliest)
        all += tr("%1 %2", "token and probability").arg(visibleToken(likely.text), percentText(likely.probability));
    return tr("%1: %2", "model and its likeliest tokens").arg(m_names[int(model)], all.join(QStringLiteral("  ·  ")));
}

QString ScoringView::detailsOf(int token) const
{
    if (!m_run || token < 0)
        return {};
    const ScoredText &scored = m_run->scored;
    if (std::size_t(token) >= scored.ids.size())
        return tr("This does not fit into the model's context: it was not read.");
    const QString named = tr("Token %1, '%2'").arg(token + 1).arg(visibleToken(scored.pieces[std::size_t(token)]));
    if (token == 0)
        return tr("%1: the first one, nothing comes before it.").arg(named);
    QStringList chances, lines;
    for (std::size_t i = 0; i < scored.models.size(); ++i) {
        const double loss = scored.models[i][std::size_t(token)].loss;
        chances += tr("%1 %2", "model and probability").arg(m_names[int(i)], percentText(std::exp(-loss), 2));
        lines += likeliest(i, token);
    }
    QString first = tr("%1: %2", "token and probabilities").arg(named, chances.join(QStringLiteral(", ")));
    if (plan() > 0)
        first += tr("; difference %1 nats").arg(signedText(lossDifference(scored, plan(), std::size_t(token)), 3));
    return first + QLatin1Char('\n') + lines.join(QLatin1Char('\n'));
}

void ScoringView::showDetails(int token)
{
    const QStringList lines = detailsOf(token).split(QLatin1Char('\n'));
    m_detail->setWhole(token < 0 ? tr("Point at a token, or go there with the arrow keys, to see what else was likely.") : lines.value(0));
    for (std::size_t i = 0; i < m_likeliest.size(); ++i) {
        m_likeliest[i]->setVisible(m_run && i < m_run->scored.models.size());
        m_likeliest[i]->setWhole(lines.value(int(i) + 1));
    }
}

void ScoringView::followCurrent(int token)
{
    showDetails(token);
    const QModelIndex row =
        token > 0 && token <= m_model->rowCount() ? m_sorted->mapFromSource(m_model->index(token - 1, 0)) : QModelIndex();
    const QSignalBlocker quiet(m_table->selectionModel());
    if (row.isValid())
        m_table->selectRow(row.row());
    else
        m_table->clearSelection();
    m_table->viewport()->update(); // nobody told it
}

void ScoringView::followRow(const QModelIndex &current)
{
    if (current.isValid())
        m_tokens->setCurrent(m_sorted->mapToSource(current).row() + 1);
}

void ScoringView::saveCsv(const QString &file)
{
    try {
        writeFileAtomically(file.toStdString(), commaSeparated(m_model->table()).toStdString());
        m_note->say(InlineNote::Kind::Success, tr("Saved as %1.").arg(file));
    } catch (const Error &problem) {
        m_note->say(InlineNote::Kind::Problem, QString::fromStdString(problem.what()), QString::fromStdString(problem.plainHint()));
    }
}

} // namespace secateur::ui
