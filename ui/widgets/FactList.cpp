// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/FactList.h"

#include "widgets/Labels.h"

#include <QGridLayout>

#include <algorithm>

namespace secateur::ui {

FactList::FactList(int columns, QWidget *parent) : QWidget(parent), m_columns(columns), m_grid(new QGridLayout(this))
{
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(12);
    m_grid->setVerticalSpacing(4);
    for (int column = 0; column < columns; ++column) {
        m_grid->setColumnStretch(3 * column + 1, 1);
        if (column > 0)
            m_grid->setColumnMinimumWidth(3 * column - 1, 16);
    }
}

void FactList::setFacts(const Facts &facts)
{
    if (facts.size() != m_labels.size()) {
        for (const auto &[name, value] : m_labels) {
            delete name;
            delete value;
        }
        m_labels.clear();
        const int rows = (int(facts.size()) + m_columns - 1) / m_columns;
        for (int i = 0; i < int(facts.size()); ++i) {
            auto *name = captionLabel({}, this);
            name->setWordWrap(false);
            auto *value = bodyLabel({}, this);
            m_grid->addWidget(name, i % rows, 3 * (i / rows), Qt::AlignTop);
            m_grid->addWidget(value, i % rows, 3 * (i / rows) + 1, Qt::AlignTop);
            m_labels.emplace_back(name, value);
        }
    }
    for (std::size_t i = 0; i < facts.size(); ++i) {
        m_labels[i].first->setText(facts[i].first);
        m_labels[i].second->setText(facts[i].second);
        m_labels[i].second->setTextFormat(Qt::PlainText);
        m_labels[i].second->setAccessibleName(tr("%1: %2").arg(facts[i].first, facts[i].second));
    }
}

QString FactList::value(const QString &name) const
{
    const auto found = std::find_if(m_labels.begin(), m_labels.end(), [&](const auto &labels) { return labels.first->text() == name; });
    return found == m_labels.end() ? QString() : found->second->text();
}

} // namespace secateur::ui
