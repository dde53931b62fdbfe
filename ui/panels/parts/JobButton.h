// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"

#include <QString>
#include <QWidget>

class QLabel;
class QPushButton;

namespace secateur::ui {

/// A button that starts a job, with what the job costs beside it; when it is not possible now, why.
class JobButton : public QWidget {
    Q_OBJECT
public:
    explicit JobButton(QWidget *parent = nullptr);

    /// Of `cost`, or of the reason, the first line stands beside the button; how its numbers are estimated may follow, for the tooltip.
    void offer(const QString &action, const Possibility &possibility, const QString &cost);
    /// Whether a reason stands beside the button, not only in its tooltip: not where the panel says it itself.
    void setReasonShown(bool isShown) { m_isReasonShown = isShown; }
    /// Whether the panel shows note() itself, where it has more room.
    void setNoteElsewhere(bool isElsewhere);
    /// Shows it, or hides it where there is nothing to do; then the focus, if it has it, goes to `next` and not to whatever follows.
    void setOffered(bool isOffered, QWidget &next);
    /// Takes the accent colour: the thing to do next in its panel.
    void setPrimary(bool isPrimary);
    QPushButton *button() const { return m_button; }
    QString note() const; ///< what stands beside the button, or elsewhere

signals:
    void clicked();

private:
    QPushButton *m_button;
    QLabel *m_note;
    bool m_isReasonShown = true;
};

} // namespace secateur::ui
