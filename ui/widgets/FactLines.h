// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>
#include <utility>
#include <vector>

namespace secateur::ui {

/// Names at the left, values at the right, a line each: for numbers that follow a gesture. Painted, so that a new value costs no layout.
/// A value that does not fit is cut, and whole in the tooltip.
class FactLines : public QWidget {
    Q_OBJECT
public:
    using Facts = std::vector<std::pair<QString, QString>>;

    explicit FactLines(QWidget *parent = nullptr);

    void setFacts(Facts facts);
    /// The value shown for a name; empty when there is none.
    QString value(const QString &name) const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override; // tool tips

private:
    int lineHeight() const;

    Facts m_facts;
};

} // namespace secateur::ui
