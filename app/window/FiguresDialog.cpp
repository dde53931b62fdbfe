// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/FiguresDialog.h"

#include "plots/Plot.h"
#include "theme/ChoiceBox.h"
#include "widgets/Enabling.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QPushButton>
#include <QSignalBlocker>

#include <algorithm>
#include <array>
#include <utility>

namespace secateur::ui {
namespace {

constexpr std::array kScales = {1, 2, 3, 4, 6, 8};
constexpr double kInch = 25.4; ///< millimetres
constexpr double kOwn = -1;    ///< in place of a width: another, which is typed
constexpr int kAgain = 300;    ///< milliseconds

} // namespace

FiguresDialog::FiguresDialog(std::vector<FigureOfPage> figures, const QString &folder, QWidget *parent)
    : QDialog(parent),
      m_figures(std::move(figures)),
      m_list(new QListWidget),
      m_png(new QCheckBox(tr("&PNG"))),
      m_svg(new QCheckBox(tr("S&VG"))),
      m_pdf(new QCheckBox(tr("P&DF"))),
      m_csv(new QCheckBox(tr("&CSV, the numbers"))),
      m_width(new ChoiceBox),
      m_unit(new ChoiceBox),
      m_scale(new ChoiceBox),
      m_look(new ChoiceBox),
      m_own(new QDoubleSpinBox),
      m_folder(new QLineEdit)
{
    setWindowTitle(tr("Save all figures"));
    buildList();
    buildForm(folder);
    offer(FigureOptions::last());
    m_again.setInterval(kAgain);
    connect(&m_again, &QTimer::timeout, this, &FiguresDialog::followPlots);
    m_again.start();
    resize(fontMetrics().averageCharWidth() * 80, sizeHint().height());
}

void FiguresDialog::buildList()
{
    m_list->setAccessibleName(tr("Figures"));
    for (std::size_t i = 0; i < m_figures.size(); ++i) {
        auto *item = new QListWidgetItem(m_list);
        item->setFlags(Qt::ItemIsUserCheckable);
        item->setCheckState(Qt::Unchecked);
    }
    followPlots();
    connect(m_list, &QListWidget::itemChanged, this, &FiguresDialog::follow);
}

void FiguresDialog::buildForm(const QString &folder)
{
    m_width->addItem(tr("As on the screen"), 0.0);
    m_width->addItem(tr("One column of a paper"), FigureOptions::kOneColumn);
    m_width->addItem(tr("Two columns of a paper"), FigureOptions::kTwoColumns);
    m_width->addItem(tr("Other"), kOwn);
    m_unit->addItem(tr("mm"), false);
    m_unit->addItem(tr("pixels"), true);
    m_own->setDecimals(0);
    for (const int scale : kScales)
        m_scale->addItem(tr("%1× (%2 dpi)").arg(QLocale().toString(scale), QLocale().toString(scale * logicalDpiX())), scale);
    m_look->addItem(tr("Light, for print"), false);
    m_look->addItem(tr("As in the window"), true);
    m_width->setAccessibleName(tr("Width"));
    m_own->setAccessibleName(tr("Other width"));
    m_unit->setAccessibleName(tr("Unit of the width"));
    m_scale->setAccessibleName(tr("Resolution"));
    m_look->setAccessibleName(tr("Colours"));
    m_folder->setAccessibleName(tr("Folder"));
    m_folder->setText(QDir::toNativeSeparators(folder));
    auto *choose = new QPushButton(tr("C&hoose…"));
    choose->setAccessibleName(tr("Choose the folder"));

    auto *formats = new QHBoxLayout;
    for (QCheckBox *format : {m_png, m_svg, m_pdf, m_csv})
        formats->addWidget(format);
    formats->addStretch(1);
    auto *widths = new QHBoxLayout;
    widths->addWidget(m_width, 1);
    widths->addWidget(m_own);
    widths->addWidget(m_unit);
    auto *folders = new QHBoxLayout;
    folders->addWidget(m_folder, 1);
    folders->addWidget(choose);
    auto *form = new QFormLayout(this);
    const auto add = [form](const QString &text, QWidget *field, auto *row) {
        auto *label = new QLabel(text);
        label->setBuddy(field);
        form->addRow(label, row);
    };
    add(tr("&Figures"), m_list, m_list);
    add(tr("Formats"), m_png, formats);
    add(tr("&Width"), m_width, widths);
    add(tr("&Resolution"), m_scale, m_scale);
    add(tr("Co&lours"), m_look, m_look);
    add(tr("F&older"), m_folder, folders);
    auto *note = new QLabel(tr("Captions name the model and the plan. Files that are there are kept: new ones get a number."));
    note->setWordWrap(true);
    form->addRow(note);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_save = buttons->addButton(tr("&Save"), QDialogButtonBox::AcceptRole);
    form->addRow(buttons);

    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(choose, &QPushButton::clicked, this, &FiguresDialog::chooseFolder);
    connect(m_folder, &QLineEdit::textChanged, this, &FiguresDialog::follow);
    for (QCheckBox *format : {m_png, m_svg, m_pdf, m_csv})
        connect(format, &QCheckBox::toggled, this, &FiguresDialog::follow);
    for (QComboBox *choice : {m_width, m_unit, m_scale, m_look})
        connect(choice, &QComboBox::currentIndexChanged, this, &FiguresDialog::follow);
}

void FiguresDialog::offer(const FigureOptions &options)
{
    const auto select = [](QComboBox &box, const QVariant &value) { box.setCurrentIndex(std::max(0, box.findData(value))); };
    for (const auto &[box, format] : {std::pair(m_png, "png"), std::pair(m_svg, "svg"), std::pair(m_pdf, "pdf")})
        box->setChecked(options.format == QLatin1String(format));
    m_csv->setChecked(true);
    select(*m_scale, options.scale);
    select(*m_look, options.isAsShown);
    select(*m_width, m_width->findData(options.width) >= 0 ? options.width : kOwn);
    m_own->setRange(FigureOptions::kNarrowest, FigureOptions::kWidest);
    m_own->setValue(options.width > 0 ? options.width : FigureOptions::kTwoColumns);
    follow();
}

void FiguresDialog::chooseFolder()
{
    auto *dialog = new QFileDialog(this, tr("Folder for the figures"), m_folder->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString &folder) { m_folder->setText(QDir::toNativeSeparators(folder)); });
    dialog->open();
}

/// What has nothing to show is not offered, until it has. To look makes a plot's table, which may be long: what has data is not looked at again.
void FiguresDialog::followPlots()
{
    const QSignalBlocker blocker(m_list);
    for (std::size_t i = 0; i < m_figures.size(); ++i) {
        const FigureOfPage &figure = m_figures[i];
        QListWidgetItem *item = m_list->item(int(i));
        const QString name = figure.plot ? tr("%1: %2", "page and figure").arg(figure.page, figure.plot->title()) : figure.page;
        if (!item->flags().testFlag(Qt::ItemIsEnabled) && figure.plot && figure.plot->hasData()) {
            item->setFlags(Qt::ItemIsUserCheckable | Qt::ItemIsSelectable | Qt::ItemIsEnabled);
            item->setCheckState(Qt::Checked);
        }
        item->setText(item->flags().testFlag(Qt::ItemIsEnabled) ? name : tr("%1 (nothing to show yet)").arg(name));
    }
    if (m_save)
        follow();
}

double FiguresDialog::millimetres() const
{
    const double chosen = m_width->currentData().toDouble();
    if (chosen != kOwn)
        return chosen;
    if (!m_unit->currentData().toBool())
        return m_own->value();
    return std::clamp(m_own->value() / m_scale->currentData().toInt() * kInch / logicalDpiX(), FigureOptions::kNarrowest,
                      FigureOptions::kWidest);
}

QStringList FiguresDialog::formats() const
{
    QStringList formats;
    for (const auto &[box, format] : {std::pair(m_png, "png"), std::pair(m_svg, "svg"), std::pair(m_pdf, "pdf"), std::pair(m_csv, "csv")})
        if (box->isChecked())
            formats << QLatin1String(format);
    return formats;
}

QString FiguresDialog::problem() const
{
    const FiguresWanted asked = wanted();
    if (asked.figures.empty())
        return tr("No figure is chosen.");
    if (asked.formats.isEmpty())
        return tr("No format is chosen.");
    if (asked.folder.isEmpty() || !QFileInfo(asked.folder).isDir())
        return tr("The folder is not there.");
    return {};
}

void FiguresDialog::follow()
{
    const bool isOwn = m_width->currentData().toDouble() == kOwn, isOfPixels = m_unit->currentData().toBool();
    m_own->setEnabled(isOwn);
    m_unit->setEnabled(isOwn);
    const double unit = isOfPixels ? m_scale->currentData().toInt() * logicalDpiX() / kInch : 1;
    m_own->setRange(FigureOptions::kNarrowest * unit, FigureOptions::kWidest * unit);
    m_scale->setEnabled(m_png->isChecked() || (isOwn && isOfPixels));
    enableUnless(problem(), *m_save, {});
}

FiguresWanted FiguresDialog::wanted() const
{
    FiguresWanted asked;
    asked.folder = QDir::fromNativeSeparators(m_folder->text().trimmed());
    asked.formats = formats();
    asked.options = FigureOptions::last();
    for (const QString &format : asked.formats)
        if (format != u"csv") {
            asked.options.format = format;
            break;
        }
    asked.options.width = millimetres();
    asked.options.scale = m_scale->currentData().toInt();
    asked.options.isAsShown = m_look->currentData().toBool();
    for (std::size_t i = 0; i < m_figures.size(); ++i)
        if (m_list->item(int(i))->checkState() == Qt::Checked)
            asked.figures.push_back(m_figures[i]);
    return asked;
}

} // namespace secateur::ui
