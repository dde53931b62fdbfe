// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/FigureDialog.h"

#include "theme/ChoiceBox.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
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

} // namespace

FigureDialog::FigureDialog(std::function<QSize(const FigureOptions &)> sizeOf, int dotsPerInch, const QString &caption, QWidget *parent)
    : QDialog(parent),
      m_sizeOf(std::move(sizeOf)),
      m_dotsPerInch(dotsPerInch),
      m_format(new ChoiceBox),
      m_width(new ChoiceBox),
      m_scale(new ChoiceBox),
      m_look(new ChoiceBox),
      m_millimetres(new QDoubleSpinBox),
      m_measures(new QLabel)
{
    setWindowTitle(tr("Save figure"));
    m_format->addItem(tr("PNG (pixels)"), QStringLiteral("png"));
    m_format->addItem(tr("SVG, of lines and letters"), QStringLiteral("svg"));
    m_format->addItem(tr("PDF, of lines and letters"), QStringLiteral("pdf"));
    m_width->addItem(tr("As on the screen"), 0.0);
    m_width->addItem(tr("One column of a paper"), FigureOptions::kOneColumn);
    m_width->addItem(tr("Two columns of a paper"), FigureOptions::kTwoColumns);
    m_width->addItem(tr("Other"), kOwn);
    m_millimetres->setRange(FigureOptions::kNarrowest, FigureOptions::kWidest);
    m_millimetres->setDecimals(0);
    m_millimetres->setSuffix(tr("\u00a0mm"));
    for (const int scale : kScales)
        m_scale->addItem(tr("%1× (%2 dpi)").arg(QLocale().toString(scale), QLocale().toString(scale * dotsPerInch)), scale);
    m_look->addItem(tr("Light, for print"), false);
    m_look->addItem(tr("As in the window"), true);
    m_format->setAccessibleName(tr("Format"));
    m_width->setAccessibleName(tr("Width"));
    m_millimetres->setAccessibleName(tr("Width in millimetres"));
    m_scale->setAccessibleName(tr("Resolution"));
    m_look->setAccessibleName(tr("Colours"));

    auto *widths = new QHBoxLayout;
    widths->addWidget(m_width, 1);
    widths->addWidget(m_millimetres);
    auto *below = new QLabel(caption.isEmpty() ? tr("nothing") : caption);
    below->setTextFormat(Qt::PlainText);
    for (QLabel *label : {m_measures, below})
        label->setWordWrap(true);
    auto *form = new QFormLayout(this);
    const auto add = [form](const QString &text, QWidget *field, auto *row) {
        auto *label = new QLabel(text);
        label->setBuddy(field);
        form->addRow(label, row);
    };
    add(tr("&Format"), m_format, m_format);
    add(tr("&Width"), m_width, widths);
    add(tr("&Resolution"), m_scale, m_scale);
    add(tr("Co&lours"), m_look, m_look);
    form->addRow(tr("Size"), m_measures);
    form->addRow(tr("Below it"), below);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    buttons->addButton(tr("&Save…"), QDialogButtonBox::AcceptRole);
    form->addRow(buttons);

    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    for (QComboBox *choice : {m_format, m_width, m_scale, m_look})
        connect(choice, &QComboBox::currentIndexChanged, this, &FigureDialog::follow);
    connect(m_millimetres, &QDoubleSpinBox::valueChanged, this, [this] {
        m_width->setCurrentIndex(m_width->findData(kOwn));
        follow();
    });
    offer(FigureOptions::last());
    resize(fontMetrics().averageCharWidth() * 64, sizeHint().height());
}

void FigureDialog::offer(const FigureOptions &options)
{
    const auto choose = [](QComboBox &box, const QVariant &value) { box.setCurrentIndex(std::max(0, box.findData(value))); };
    choose(*m_format, options.format);
    choose(*m_scale, options.scale);
    choose(*m_look, options.isAsShown);
    m_width->setCurrentIndex(m_width->findData(options.width));
    if (m_width->currentIndex() < 0) {
        const QSignalBlocker blocker(m_millimetres);
        m_millimetres->setValue(options.width);
        choose(*m_width, kOwn);
    }
    follow();
}

FigureOptions FigureDialog::options() const
{
    FigureOptions options;
    options.format = m_format->currentData().toString();
    options.width = m_width->currentData().toDouble() == kOwn ? m_millimetres->value() : m_width->currentData().toDouble();
    options.scale = m_scale->currentData().toInt();
    options.isAsShown = m_look->currentData().toBool();
    return options;
}

void FigureDialog::follow()
{
    const FigureOptions chosen = options();
    const QSize size = m_sizeOf(chosen);
    const bool isOfPixels = chosen.format == u"png";
    const QLocale locale;
    const auto millimetres = [&](int pixels) { return locale.toString(pixels * kInch / m_dotsPerInch, 'f', 0); };
    QString text = tr("%1 × %2 mm").arg(millimetres(size.width()), millimetres(size.height()));
    if (isOfPixels)
        text =
            tr("%1, %2 × %3 pixels").arg(text, locale.toString(size.width() * chosen.scale), locale.toString(size.height() * chosen.scale));
    m_measures->setText(text);
    m_scale->setEnabled(isOfPixels);
    m_scale->setToolTip(isOfPixels ? QString() : tr("This format has no pixels: it is sharp at every size."));
    if (m_width->currentData().toDouble() == kOwn)
        return;
    const QSignalBlocker blocker(m_millimetres);
    m_millimetres->setValue(size.width() * kInch / m_dotsPerInch);
}

} // namespace secateur::ui
