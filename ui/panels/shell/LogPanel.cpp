// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/LogPanel.h"

#include "models/MessageLog.h"
#include "panels/parts/TableLook.h"
#include "theme/Icons.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QSaveFile>
#include <QTableView>

namespace secateur::ui {
namespace {

constexpr int kSentence = 2; ///< column of the log

} // namespace

LogPanel::LogPanel(Workbench workbench, QWidget *parent) : QWidget(parent), m_log(workbench.messages), m_view(new QTableView)
{
    m_view->setModel(&m_log);
    m_view->setAccessibleName(tr("Log"));
    applyListLook(*m_view);
    for (int column = kSentence; column < m_log.columnCount(); ++column)
        m_view->horizontalHeader()->setSectionResizeMode(column, QHeaderView::Stretch);

    auto *copy = new CopyButton(tr("Copy"), [this] { return text(); });
    auto *save = new QPushButton(icon(QStringLiteral("save")), tr("Save as text…"));
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(copy);
    buttons->addWidget(save);
    buttons->addStretch(1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->addWidget(m_view, 1);
    layout->addLayout(buttons);

    const auto follow = [this, copy, save] {
        const QString problem = m_log.rowCount() > 0 ? QString() : tr("The log is empty.");
        copy->setProblem(problem);
        enableUnless(problem, *save, {});
        for (int column = 0; column < kSentence; ++column)
            m_view->resizeColumnToContents(column);
        m_view->scrollToBottom();
    };
    connect(&m_log, &QAbstractItemModel::rowsInserted, this, follow);
    connect(save, &QPushButton::clicked, this, &LogPanel::chooseFile);
    follow();
}

QString LogPanel::text() const
{
    QString text;
    for (int row = 0; row < m_log.rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < m_log.columnCount(); ++column)
            cells << m_log.index(row, column).data().toString();
        const QString hint = cells.takeLast();
        text += cells.join(QStringLiteral("  ")) + QLatin1Char('\n');
        if (!hint.isEmpty())
            text += QStringLiteral("    ") + hint + QLatin1Char('\n');
    }
    return text;
}

void LogPanel::chooseFile()
{
    auto *dialog = new QFileDialog(this, tr("Save the log"), QString(), tr("Text (*.txt)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("txt"));
    dialog->selectFile(QStringLiteral("secateur-log.txt"));
    connect(dialog, &QFileDialog::fileSelected, this, &LogPanel::saveAs);
    dialog->open();
}

void LogPanel::saveAs(const QString &name)
{
    QSaveFile file(name);
    const QByteArray bytes = text().toUtf8();
    Message message;
    message.topic = QStringLiteral("log");
    message.severity = Message::Severity::Success;
    message.sentence = tr("The log was saved as %1.").arg(name);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit()) {
        message.severity = Message::Severity::Error;
        message.sentence = tr("The log could not be saved as %1: %2.").arg(name, file.errorString());
        message.hint = tr("Choose another folder, or free some space.");
    }
    m_log.post(std::move(message));
}

} // namespace secateur::ui
