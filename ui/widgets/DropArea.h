// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace secateur::ui {

/// A dashed outline that says where to drop something; lights up while something is dragged over. The drop itself is the parent's.
class DropArea : public QWidget {
    Q_OBJECT
public:
    explicit DropArea(QWidget *parent = nullptr);

    void setActive(bool isActive);
    bool isActive() const { return m_isActive; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    bool m_isActive = false;
};

} // namespace secateur::ui
