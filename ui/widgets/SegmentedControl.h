// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>

class QButtonGroup;
class QHBoxLayout;

namespace secateur::ui {

/// A few choices side by side of which one holds, or none. Chosen by click, arrows or Space.
class SegmentedControl : public QWidget {
    Q_OBJECT
public:
    /// `name`: what is chosen, for screen readers.
    explicit SegmentedControl(const QString &name, QWidget *parent = nullptr);

    void addChoice(const QString &text, const QString &toolTip = {});
    int current() const;        ///< -1: none
    void setCurrent(int index); ///< -1: none; emits nothing

signals:
    void chosen(int index); ///< by a gesture

private:
    QButtonGroup *m_group;
    QHBoxLayout *m_row;
};

} // namespace secateur::ui
