// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/playground/WritingColumn.h"

#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/TokenView.h"

#include <QLocale>
#include <QVBoxLayout>

namespace secateur::ui {

WritingColumn::WritingColumn(const QString &name, QWidget *parent)
    : QWidget(parent),
      m_name(headingName()),
      m_count(captionLabel({})),
      m_difference(captionLabel({})),
      m_view(new TokenView(name))
{
    for (QLabel *label : {m_count, m_difference}) {
        label->setTextFormat(Qt::PlainText);
        label->setMinimumWidth(1);
    }
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addWidget(m_name);
    column->addWidget(m_count);
    column->addWidget(m_view, 1);
    column->addWidget(m_difference);
    m_view->setDescriber([this](int token) {
        return token < int(m_ids.size())
                   ? tr("Token %1: '%2', id %3").arg(token + 1).arg(m_view->token(token).text).arg(m_ids[std::size_t(token)])
                   : QString();
    });
    setName(name);
}

void WritingColumn::setName(const QString &name, const QString &of)
{
    m_nameText = of.isEmpty() ? name : of;
    m_name->setWhole(m_nameText);
    m_view->setAccessibleName(tr("Text by: %1").arg(m_nameText));
}

void WritingColumn::append(const WrittenToken &token)
{
    m_ids.push_back(token.id);
    m_view->append({.text = QString::fromStdString(token.piece)});
    m_count->setText(tr("tokens: %1").arg(m_ids.size())); // of one width with its digits: nothing is laid out anew
}

void WritingColumn::finish(const Generation &written, std::int64_t asked)
{
    m_finished = written;
    const QString speed = QLocale().toString(written.tokensPerSecond, 'f', written.tokensPerSecond < 10 ? 1 : 0);
    const bool hasEnded = std::int64_t(written.ids.size()) < asked;
    m_count->setText(
        (hasEnded ? tr("tokens: %1, then it ended · %2 per second") : tr("tokens: %1 · %2 per second")).arg(written.ids.size()).arg(speed));
    m_count->setToolTip(tr("Of the time that this model took alone. Here plans use the original's weights, with what they remove counted "
                           "as zero: what pruning "
                           "gains in speed is measured on the page Evaluation."));
    m_count->setAccessibleDescription(m_count->toolTip());
}

void WritingColumn::setDifference(std::optional<std::size_t> token, const QString &words)
{
    m_view->setMark(token && *token < m_ids.size() ? int(*token) : -1);
    m_difference->setText(words);
}

QString WritingColumn::text() const
{
    return m_finished ? QString::fromStdString(m_finished->text) : m_view->text();
}

} // namespace secateur::ui
