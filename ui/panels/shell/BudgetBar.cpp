// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/BudgetBar.h"

#include "models/ConditionsText.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "panels/parts/ConceptId.h"
#include "panels/shell/BudgetCard.h"
#include "theme/PlotStyle.h"
#include "widgets/Quantity.h"

#include <QFontInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLocale>
#include <QPainter>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace secateur::ui {
namespace {

QString dtypeText(DType dtype)
{
    switch (dtype) {
    case DType::Float32:
        return QStringLiteral("fp32");
    case DType::Float16:
        return QStringLiteral("fp16");
    case DType::BFloat16:
        return QStringLiteral("bf16");
    }
    return {};
}

/// One of the figures that follow from the specification alone.
struct Cost {
    QString caption, unit;
    qint64 before = 0, after = 0;
    QString (*text)(qint64) = nullptr;
    Exactness exactness = Exactness::Exact;
    QString explanation = {};
};

BudgetFigure figureOf(const Cost &cost)
{
    const QString change = changeText(double(cost.before), double(cost.after));
    const QString numbers = BudgetBar::tr("%1 of %2 %3").arg(exactText(cost.after), exactText(cost.before), cost.unit);
    const QString word = exactnessWord(cost.exactness);
    return {.caption = cost.caption,
            .value = cost.text(cost.after),
            .before = BudgetBar::tr("of %1").arg(cost.text(cost.before)),
            .change = change,
            .exactness = cost.exactness,
            .exactnessText = {},
            .share = double(cost.after) / double(cost.before),
            .note = {},
            .exact = BudgetBar::tr("%1\n%2 (%3, %4)").arg(cost.caption, numbers, change, word) +
                     (cost.explanation.isEmpty() ? QString() : QLatin1Char('\n') + cost.explanation),
            .sentence = BudgetBar::tr("%1: %2, %3, %4").arg(cost.caption, numbers, change, word)};
}

/// A figure that is not known: a dash and why.
BudgetFigure dash(const QString &caption, const QString &reason)
{
    BudgetFigure figure;
    figure.caption = caption;
    figure.value = QStringLiteral("—");
    figure.exactnessText = reason;
    figure.exact = caption + QLatin1Char('\n') + reason;
    figure.sentence = BudgetBar::tr("%1: %2").arg(caption, reason);
    return figure;
}

} // namespace

BudgetBar::BudgetBar(Workbench workbench, QWidget *parent) : QWidget(parent), m_session(workbench.session)
{
    setAccessibleName(tr("Budget of the plan"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 1, 0, 0);
    layout->setSpacing(1);
    for (BudgetCard *&card : m_cards) {
        card = new BudgetCard;
        layout->addWidget(card, 1);
    }
    explainBy(*this, ConceptId::Parameters);
    explainBy(*m_cards[KvBytes], ConceptId::KvCache);
    explainBy(*m_cards[Perplexity], ConceptId::Perplexity);
    m_cards.front()->setFocusPolicy(Qt::TabFocus);
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::draftChanged, &SessionModel::searchChanged,
                              &SessionModel::evaluationsChanged, &SessionModel::textsChanged})
        connect(&m_session, signal, this, &BudgetBar::follow);
    follow();
}

const BudgetFigure &BudgetBar::figure(Figure which) const
{
    return m_cards[which]->figure();
}

void BudgetBar::follow()
{
    const ModelFigures before = m_session.denseFigures(), after = m_session.planFigures();
    const QString disk =
        m_session.hasModel() ? tr("On disk, at least (%1)").arg(dtypeText(m_session.session().model->storedDtype)) : tr("On disk");
    const std::array<Cost, Perplexity> costs{
        Cost{tr("Parameters (layers)"), tr("parameters"), before.layerParameters, after.layerParameters, countText},
        Cost{tr("Parameters (model)"), tr("parameters"), before.modelParameters, after.modelParameters, countText},
        Cost{disk, tr("bytes"), before.bytes, after.bytes, bytesText},
        Cost{tr("FLOP per token"), tr("FLOP"), before.flopPerToken, after.flopPerToken, countText, Exactness::Estimate,
             tr("2 × (vocabulary × hidden size + weights of all products in the layers): each multiplied and added once a token. "
                "Without the products over the context, which grow with its length.")},
        Cost{tr("KV cache per token"), tr("bytes"), before.kvBytesPerToken, after.kvBytesPerToken, bytesText},
    };
    const QString problem = !m_session.hasModel() ? tr("no model") : !m_session.balance() ? tr("not feasible") : QString();
    for (std::size_t i = 0; i < costs.size(); ++i) {
        BudgetFigure figure = problem.isEmpty() ? figureOf(costs[i]) : dash(costs[i].caption, problem);
        if (m_session.hasModel() && !problem.isEmpty())
            figure.before = tr("of %1").arg(costs[i].text(costs[i].before));
        m_cards[i]->setFigure(figure);
    }
    m_cards[Perplexity]->setFigure(perplexity());
    fitValues();
}

/// Numbers that stand side by side are of one size. With large letters in a small window the originals leave: the tooltips have them.
void BudgetBar::fitValues()
{
    const auto fitting = [this](bool isBeside) {
        int pixels = std::numeric_limits<int>::max();
        for (const BudgetCard *card : m_cards)
            pixels = std::min(pixels, card->fittingSize(isBeside));
        return pixels;
    };
    const bool isBeside = fitting(true) >= QFontInfo(font()).pixelSize(); // not smaller than what stands around it
    const int pixels = fitting(isBeside);
    for (BudgetCard *card : m_cards)
        card->setValueSize(pixels, isBeside);
}

void BudgetBar::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    layout()->activate(); // the cards have their new widths now
    fitValues();
}

void BudgetBar::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        fitValues();
}

BudgetFigure BudgetBar::perplexity() const
{
    const QString caption = tr("Perplexity (evaluation)");
    if (!m_session.hasModel())
        return dash(caption, tr("no model"));
    const Measurement *own = m_session.planEvaluation(), *dense = m_session.denseEvaluation();
    const Measurement *last = own ? own : m_session.staleEvaluation();
    // Of a plan that was not measured nothing is known; what was measured last is told, in small.
    BudgetFigure figure = own ? BudgetFigure() : dash(caption, last ? lastText(*last) : tr("not measured"));
    figure.caption = caption;
    const QLocale locale;
    QStringList lines{caption};
    const QString difference = own && dense ? conditionsDifference(dense->computed, own->computed) : QString();
    if (own) {
        figure.value = perplexityText(own->result.perplexity);
        figure.exactness = Exactness::Exact;
        if (dense)
            figure.change = changeText(dense->result.perplexity, own->result.perplexity);
        if (!difference.isEmpty())
            figure.change = tr("%1 %2", "sign and number").arg(exactnessSign(Exactness::Estimate), figure.change);
    }
    if (last)
        lines << tr("%1 %2 (%3 tokens of %4)")
                     .arg(own ? tr("plan") : figure.exactnessText, locale.toString(last->result.perplexity, 'f', 4),
                          exactText(last->result.tokens), textFilesName(last->text));
    if (dense) {
        figure.before = tr("original %1").arg(perplexityText(dense->result.perplexity));
        lines << tr("original %1").arg(locale.toString(dense->result.perplexity, 'f', 4));
    }
    if (!difference.isEmpty())
        lines << difference;
    if (last) // the perplexity of the search is another number, of another text: it stands with the search
        figure.note = tr("on %1").arg(textFilesName(last->text));
    figure.exact = lines.join(QLatin1Char('\n'));
    const QString word = figure.exactnessText.isEmpty() ? exactnessWord(figure.exactness) : figure.exactnessText;
    figure.sentence = tr("%1: %2").arg(caption, QStringList({figure.value, figure.before, figure.change, word, figure.note})
                                                    .filter(QRegularExpression(QStringLiteral(".")))
                                                    .join(QStringLiteral(", ")));
    return figure;
}

/// What was measured last, and for which plan, by what tells it from the current one.
QString BudgetBar::lastText(const Measurement &record) const
{
    const QString value = perplexityText(record.result.perplexity);
    if (m_session.isSettled() || (record.draft && !record.draft->plan.empty())) // more than K and N tells them apart
        return tr("last: %1 for another plan").arg(value);
    if (record.neuronsKept != m_session.neuronsKept())
        return tr("last: %1 for K = %2").arg(value, exactText(record.neuronsKept));
    if (qint64(record.removed.size()) != m_session.attentionsToRemove())
        return tr("last: %1 for N = %2").arg(value).arg(record.removed.size());
    return tr("last: %1 for another plan").arg(value);
}

void BudgetBar::keyPressEvent(QKeyEvent *event)
{
    const auto at = std::find_if(m_cards.begin(), m_cards.end(), [](const BudgetCard *card) { return card->hasFocus(); });
    const int forth = isRightToLeft() ? Qt::Key_Left : Qt::Key_Right, back = isRightToLeft() ? Qt::Key_Right : Qt::Key_Left;
    const auto step = event->key() == forth ? 1 : event->key() == back ? -1 : 0;
    if (at == m_cards.end() || step == 0)
        return QWidget::keyPressEvent(event);
    const auto next = std::clamp<std::ptrdiff_t>(at - m_cards.begin() + step, 0, kFigures - 1);
    BudgetCard *card = m_cards[std::size_t(next)];
    if (card == *at)
        return;
    card->setFocusPolicy(Qt::TabFocus);
    card->setFocus(Qt::TabFocusReason);
    (*at)->setFocusPolicy(Qt::NoFocus);
}

void BudgetBar::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), style.surface);
    painter.setPen(style.line);
    painter.drawLine(0, 0, width(), 0);
    for (std::size_t i = 1; i < m_cards.size(); ++i)
        painter.drawLine(m_cards[i]->x() - 1, 0, m_cards[i]->x() - 1, height());
}

} // namespace secateur::ui
