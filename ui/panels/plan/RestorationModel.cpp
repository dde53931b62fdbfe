// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/RestorationModel.h"

#include "jobs/JobTable.h"
#include "models/TextNames.h"
#include "widgets/Quantity.h"

#include <QFont>
#include <QLocale>
#include <QStringList>

#include <cmath>

namespace secateur::ui {

QString stepLetters(RestorationStep step)
{
    return QString::fromLatin1(nameOf(step)).toUpper();
}

QString variantName(const RestorationVariant &variant)
{
    if (variant.steps.empty())
        return RestorationModel::tr("Plain 2SSP");
    const RestorationStep last = variant.steps.back();
    return RestorationModel::tr("+ %1: %2", "letters and name of a step").arg(stepLetters(last), QString::fromUtf8(titleOf(last)));
}

void RestorationModel::setRecord(const std::optional<RestorationRecord> &record)
{
    if (record == m_record)
        return;
    beginResetModel();
    m_record = record;
    endResetModel();
}

RestorationModel::Place RestorationModel::placeOf(int column) const
{
    const int texts = m_record ? int(m_record->texts.size()) : 0;
    if (column < 2)
        return {column == 0 ? Column::Variant : Column::Removed, 0};
    const int of = column - 2;
    if (of < 2 * texts)
        return {of % 2 == 0 ? Column::Perplexity : Column::Change, std::size_t(of / 2)};
    return {of == 2 * texts ? Column::Seconds : Column::Verdict, 0};
}

std::optional<double> RestorationModel::loss(std::size_t row, std::size_t text) const
{
    const std::vector<double> &losses = m_record->variants[row].losses;
    return text < losses.size() && std::isfinite(losses[text]) ? std::optional(losses[text]) : std::nullopt;
}

int RestorationModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() || !m_record ? 0 : int(m_record->variants.size());
}

int RestorationModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : 4 + 2 * (m_record ? int(m_record->texts.size()) : 0);
}

QVariant RestorationModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const auto row = std::size_t(index.row());
    const RestorationVariant &variant = m_record->variants[row];
    const Place place = placeOf(index.column());
    if (role == Qt::TextAlignmentRole) {
        const bool isText = place.column == Column::Variant || place.column == Column::Verdict;
        return QVariant::fromValue((isText ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    }
    if (role == Qt::FontRole && !variant.isKept) {
        QFont font;
        font.setItalic(true); // beside the word
        return font;
    }
    if (role != Qt::DisplayRole)
        return {};
    const QString dash = QStringLiteral("–");
    switch (place.column) {
    case Column::Variant:
        return variantName(variant);
    case Column::Removed:
        return exactText(variant.attentionsRemoved);
    case Column::Perplexity: {
        const std::optional<double> now = loss(row, place.text);
        return now ? perplexityText(std::exp(*now)) : dash;
    }
    case Column::Change: {
        const std::optional<double> now = loss(row, place.text), plain = loss(0, place.text);
        return row > 0 && now && plain ? changeText(std::exp(*plain), std::exp(*now)) : dash;
    }
    case Column::Seconds:
        return variant.seconds > 0 ? durationText(variant.seconds) : dash;
    case Column::Verdict:
        return variant.steps.empty() ? dash : variant.isKept ? tr("kept") : tr("turned down");
    }
    return {};
}

QVariant RestorationModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section >= columnCount())
        return {};
    const Place place = placeOf(section);
    if (role == Qt::TextAlignmentRole) {
        const bool isText = place.column == Column::Variant || place.column == Column::Verdict;
        return QVariant::fromValue((isText ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    }
    const bool isOfText = place.column == Column::Perplexity || place.column == Column::Change;
    const QString text = isOfText ? textFilesName(m_record->texts[place.text].text) : QString();
    if (role == Qt::ToolTipRole && isOfText) {
        const GateText &gate = m_record->texts[place.text];
        return tr("On %1 held-out windows of %2 tokens of %3, which no fit and no search has seen")
            .arg(exactText(gate.windows), exactText(gate.text.length), text);
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (place.column) {
    case Column::Variant:
        return tr("Steps");
    case Column::Removed:
        return tr("N");
    case Column::Perplexity:
        return place.text == 0 ? tr("Held-out perplexity") : tr("Second text");
    case Column::Change:
        return tr("Change");
    case Column::Seconds:
        return tr("Time");
    case Column::Verdict:
        return tr("Gate");
    }
    return {};
}

QString RestorationModel::separated() const
{
    if (!m_record)
        return {};
    const QLocale c = QLocale::c();
    QStringList names = {QStringLiteral("steps"), QStringLiteral("attentions removed")};
    for (const GateText &gate : m_record->texts)
        names << QStringLiteral("perplexity on ") + textFilesName(gate.text);
    names << QStringLiteral("seconds") << QStringLiteral("kept");
    QStringList lines = {names.join(QLatin1Char('\t'))};
    for (std::size_t row = 0; row < m_record->variants.size(); ++row) {
        const RestorationVariant &variant = m_record->variants[row];
        QStringList steps;
        for (const RestorationStep step : variant.steps)
            steps << QString::fromLatin1(nameOf(step));
        QStringList cells = {steps.isEmpty() ? QStringLiteral("plain") : steps.join(QLatin1Char(',')),
                             QString::number(variant.attentionsRemoved)};
        for (std::size_t text = 0; text < m_record->texts.size(); ++text) {
            const std::optional<double> now = loss(row, text);
            cells << (now ? c.toString(std::exp(*now), 'g', QLocale::FloatingPointShortest) : QString());
        }
        cells << c.toString(variant.seconds, 'g', 6) << (variant.isKept ? QStringLiteral("yes") : QStringLiteral("no"));
        lines << cells.join(QLatin1Char('\t'));
    }
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

} // namespace secateur::ui
