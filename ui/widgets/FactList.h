// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>
#include <utility>
#include <vector>

class QGridLayout;
class QLabel;

namespace secateur::ui {

/// Names and values in aligned columns: what something is made of, or what came out. Values can be selected and copied.
class FactList : public QWidget {
    Q_OBJECT
public:
    using Facts = std::vector<std::pair<QString, QString>>;

    /// `columns`: pairs side by side; filled column by column.
    explicit FactList(int columns = 1, QWidget *parent = nullptr);

    void setFacts(const Facts &facts);
    /// The value shown for a name; empty when there is none.
    QString value(const QString &name) const;

private:
    int m_columns;
    QGridLayout *m_grid;
    std::vector<std::pair<QLabel *, QLabel *>> m_labels;
};

} // namespace secateur::ui
