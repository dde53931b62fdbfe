// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/FailureWords.h"

#include "foundation/Failures.h"
#include "jobs/JobRunner.h"

#include <QLocale>

namespace secateur::ui {

Message failureOf(const QString &topic)
{
    Message message;
    message.severity = Message::Severity::Error;
    message.topic = topic;
    return message;
}

void describe(Message &message, const JobInfo &job)
{
    message.sentence = job.sentence;
    message.hint = job.hint;
    if (!job.isOfMachine)
        return;
    const QLocale locale;
    const Progress &progress = job.progress;
    if (progress.total > 0)
        message.sentence =
            (job.isHeld() ? JobRunner::tr("%1 is paused after %2 of %3 %4. %5") : JobRunner::tr("%1 stopped after %2 of %3 %4. %5"))
                .arg(job.title, locale.toString(qlonglong(progress.done)), locale.toString(qlonglong(progress.total)),
                     QString::fromStdString(progress.unit), job.sentence);
    else
        message.sentence =
            (job.isHeld() ? JobRunner::tr("%1 is paused. %2") : JobRunner::tr("%1 stopped. %2")).arg(job.title, job.sentence);
    message.hint = (job.isHeld() ? JobRunner::tr("What was finished is kept. In the job bar you can continue on the CPU, or retry. %1")
                                 : JobRunner::tr("What was finished is kept. %1"))
                       .arg(job.hint);
}

void describe(Message &message, const std::exception &thrown)
{
    const Error error = asError(thrown);
    message.sentence = QString::fromStdString(error.what());
    message.hint = QString::fromStdString(error.plainHint());
}

} // namespace secateur::ui
