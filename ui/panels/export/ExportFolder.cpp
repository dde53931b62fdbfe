// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/export/ExportFolder.h"

#include "panels/export/ExportOutput.h"
#include "theme/Icons.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>

namespace secateur::ui {

ExportFolder::ExportFolder(QWidget *parent) : QWidget(parent), m_field(new QLineEdit)
{
    m_field->setObjectName(QStringLiteral("folder"));
    m_field->setAccessibleName(tr("Folder to make"));
    m_field->setPlaceholderText(tr("Folder to make; a name alone lies in your home folder"));
    auto *browse = new QPushButton(icon(QStringLiteral("folder")), tr("Browse…"));
    browse->setAccessibleName(tr("Choose the folder to make"));
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(m_field, 1);
    row->addWidget(browse);
    setFocusProxy(m_field);

    connect(m_field, &QLineEdit::textEdited, this, [this](const QString &text) {
        m_asked = text;
        m_isSuggestion = false;
        emit changed();
    });
    connect(m_field, &QLineEdit::editingFinished, this, [this] {
        if (!m_isSuggestion && !path().isEmpty() && path() != m_field->text())
            set(path(), false);
    });
    connect(browse, &QPushButton::clicked, this, &ExportFolder::choose);
}

QString ExportFolder::path() const
{
    return outputPath(m_field->text());
}

void ExportFolder::suggest(const QString &name)
{
    if (m_isSuggestion)
        set(freeName(QDir::home().filePath(name)), true);
}

void ExportFolder::takeNext()
{
    if (!m_isSuggestion)
        set(freeName(outputPath(m_asked)), false);
}

void ExportFolder::forget()
{
    m_isSuggestion = true;
}

void ExportFolder::set(const QString &path, bool isSuggestion)
{
    m_isSuggestion = isSuggestion;
    if (path != m_field->text())
        m_field->setText(path);
}

/// Asks where the folder is to be made: it is not there yet, so it cannot be chosen itself.
void ExportFolder::choose()
{
    const QFileInfo now(path());
    const QString parent = QFileDialog::getExistingDirectory(this, tr("Where to make the folder"), now.absolutePath());
    if (parent.isEmpty())
        return;
    m_asked = QDir(parent).filePath(now.fileName());
    set(freeName(m_asked), false);
    emit changed();
}

} // namespace secateur::ui
