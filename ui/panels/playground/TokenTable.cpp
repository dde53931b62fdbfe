// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/playground/TokenTable.h"

#include "widgets/Quantity.h"

#include <QLocale>

#include <cmath>
#include <utility>

namespace secateur::ui {

QString visibleToken(const std::string &piece)
{
    QString text = QString::fromStdString(piece);
    text.replace(QLatin1Char('\n'), QStringLiteral("⏎")).replace(QLatin1Char('\t'), QStringLiteral("⇥"));
    if (text.startsWith(QLatin1Char(' ')))
        text.replace(0, 1, QStringLiteral("␣"));
    return text.isEmpty() ? QStringLiteral("∅") : text; // a part of a character, or what the tokenizer puts around the text
}

double lossDifference(const ScoredText &scored, std::size_t model, std::size_t token)
{
    return scored.models[model][token].loss - scored.models[0][token].loss;
}

void TokenTable::show(std::shared_ptr<const ScoredRun> run, std::size_t plan, const QStringList &names)
{
    beginResetModel();
    m_run = std::move(run);
    m_plan = plan;
    m_names = names;
    endResetModel();
}

int TokenTable::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() || !m_run || m_run->scored.ids.empty() ? 0 : int(m_run->scored.ids.size()) - 1; // the first has no loss
}

int TokenTable::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(kColumns);
}

QVariant TokenTable::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || !m_run)
        return {};
    const ScoredText &scored = m_run->scored;
    const std::size_t token = std::size_t(index.row()) + 1;
    const double original = scored.models[0][token].loss, plan = scored.models[m_plan][token].loss;
    if (role == Qt::TextAlignmentRole)
        return int((index.column() == kToken ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != kSortRole)
        return {};
    const bool isShown = role == Qt::DisplayRole;
    const auto number = [isShown](double value) { return isShown ? QVariant(QLocale().toString(value, 'f', 3)) : QVariant(value); };
    switch (index.column()) {
    case kPlace:
        return isShown ? QVariant(exactText(qint64(token) + 1)) : QVariant(int(token));
    case kToken:
        return visibleToken(scored.pieces[token]);
    case kDifference:
        return isShown ? QVariant(signedText(plan - original, 3)) : QVariant(plan - original);
    case kOriginal:
        return number(original);
    case kPlan:
        return number(plan);
    case kOriginalProbability:
        return isShown ? QVariant(percentText(std::exp(-original), 2)) : QVariant(std::exp(-original));
    case kPlanProbability:
        return isShown ? QVariant(percentText(std::exp(-plan), 2)) : QVariant(std::exp(-plan));
    default:
        return {};
    }
}

QVariant TokenTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    const QString original = m_names.value(0), plan = m_names.value(int(m_plan));
    switch (section) {
    case kPlace:
        return tr("No.");
    case kToken:
        return tr("Token");
    case kDifference:
        return tr("Difference, nats");
    case kOriginal:
        return tr("Loss: %1").arg(original);
    case kPlan:
        return tr("Loss: %1").arg(plan);
    case kOriginalProbability:
        return tr("Probability: %1").arg(original);
    case kPlanProbability:
        return tr("Probability: %1").arg(plan);
    default:
        return {};
    }
}

PlotTable TokenTable::table() const
{
    PlotTable table;
    if (!m_run)
        return table;
    const ScoredText &scored = m_run->scored;
    table.headers = {QStringLiteral("token"), QStringLiteral("id"), QStringLiteral("text")};
    table.units = {{}, {}, {}};
    for (std::size_t model = 0; model < scored.models.size(); ++model) {
        const QString hash = QString::fromStdString(m_run->run.hashes[model]);
        table.headers += hash.isEmpty() ? tr("loss of the original") : tr("loss of plan %1").arg(hash);
        table.units += QStringLiteral("nats");
    }
    for (std::size_t token = 0; token < scored.ids.size(); ++token) {
        std::vector<QVariant> row{qlonglong(token) + 1, qlonglong(scored.ids[token]), QString::fromStdString(scored.pieces[token])};
        for (const std::vector<ScoredToken> &model : scored.models)
            row.emplace_back(model[token].loss);
        table.rows.push_back(std::move(row));
    }
    return table;
}

} // namespace secateur::ui
