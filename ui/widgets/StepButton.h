// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>

namespace secateur::ui {

/// One step of a workflow: a rounded button that is done (a tick), where people are (filled), or not possible yet.
///
/// A step that is not possible can still be hovered and reached by Tab, so that its tooltip says why; pressing it shows that reason and
/// emits nothing.
class StepButton : public QAbstractButton {
    Q_OBJECT
public:
    explicit StepButton(const QString &text, QWidget *parent = nullptr);

    /// `reason`: why the step is not possible; empty when it is.
    void setState(bool isDone, bool isCurrent, const QString &reason, const QString &toolTip);
    bool isDone() const { return m_isDone; }
    bool isCurrent() const { return m_isCurrent; }
    bool isPossible() const { return m_reason.isEmpty(); }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void chosen();

protected:
    void paintEvent(QPaintEvent *event) override;
    void enterEvent(QEnterEvent *event) override;
    void leaveEvent(QEvent *event) override;

private:
    int widthWith(int padding) const;

    bool m_isDone = false, m_isCurrent = false;
    QString m_reason;
};

} // namespace secateur::ui
